//! The dictionary of categories.
use super::sink::{Sink, Width};
use crate::tail::boosting::Categories;

pub(super) fn write(categories: &[Option<Categories>], sink: &mut impl Sink) {
    sink.open();
    sink.key("enc");
    sink.array(categories.len());
    for feature in categories {
        sink.element();
        sink.open();
        match feature {
            None => names(&[], sink),
            Some(Categories::Names(all)) => names(all, sink),
            Some(Categories::Numbers { kind, values }) => numbers(*kind, values, sink),
        }
        sink.close();
    }
    sink.end();
    sink.key("feature_segments");
    let mut segments = vec![0];
    let mut order = Vec::new();
    for feature in categories {
        order.extend(feature.as_ref().map(ascending).unwrap_or_default());
        segments.push(whole(order.len()));
    }
    if categories.is_empty() {
        segments.clear();
    }
    sink.typed(Width::I32, &segments);
    sink.key("sorted_idx");
    sink.typed(Width::I32, &order);
    sink.close();
}

/// Whether all names are ASCII.
pub(super) fn are_ascii(categories: &[Option<Categories>]) -> bool {
    categories.iter().flatten().all(|feature| match feature {
        Categories::Names(names) => names.iter().all(|name| name.is_ascii()),
        Categories::Numbers { .. } => true,
    })
}

fn whole(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn names(all: &[String], sink: &mut impl Sink) {
    let (mut offsets, mut bytes) = (Vec::new(), Vec::new());
    for name in all {
        offsets.push(whole(bytes.len()));
        bytes.extend(name.bytes().map(|byte| i64::from(byte.cast_signed())));
    }
    if !all.is_empty() {
        offsets.push(whole(bytes.len()));
    }
    sink.key("offsets");
    sink.typed(Width::I32, &offsets);
    sink.key("values");
    sink.typed(Width::I8, &bytes);
}

#[expect(clippy::cast_possible_truncation, reason = "they are whole, or f32, as their kind says")]
fn numbers(kind: u8, values: &[f64], sink: &mut impl Sink) {
    sink.key("type");
    sink.integer(i64::from(kind));
    sink.key("values");
    let width = match kind {
        9 => Width::I8,
        10 => Width::U8,
        11 | 12 => Width::I16,
        13 | 14 => Width::I32,
        15 | 16 => Width::I64,
        8 => return sink.doubles(values),
        _ => return sink.reals(&values.iter().map(|value| *value as f32).collect::<Vec<_>>()),
    };
    sink.typed(width, &values.iter().map(|value| *value as i64).collect::<Vec<_>>());
}

/// The codes in ascending order of what they stand for.
fn ascending(categories: &Categories) -> Vec<i64> {
    let mut codes: Vec<usize> = (0..categories.len()).collect();
    match categories {
        Categories::Names(names) => codes.sort_by(|a, b| names[*a].as_bytes().cmp(names[*b].as_bytes())),
        Categories::Numbers { values, .. } => codes.sort_by(|a, b| values[*a].total_cmp(&values[*b])),
    }
    codes.into_iter().map(whole).collect()
}
