//! The dictionary of categories: which name or number stands behind a code.
use crate::tail::boosting::Categories;
use crate::tail::boosting::xgboost::cursor::Cursor;
use crate::tail::boosting::xgboost::error::FileError;

/// XGBoost's numbers for types of integers, i8 to u64; 7 and 8 are f32 and f64.
const INTEGERS: std::ops::RangeInclusive<u8> = 9..=16;
/// First version that measures names in bytes: before it, names beyond ASCII shift all that follow.
const NAMES_IN_BYTES: (i64, i64) = (3, 4);

pub(super) fn read(
    at: &Cursor<'_>,
    features: usize,
    version: (i64, i64),
) -> Result<Vec<Option<Categories>>, FileError> {
    let Some(dictionaries) = at.find("enc")? else { return Ok(Vec::new()) };
    let items = dictionaries.items()?;
    if items.len() != 0 && items.len() != features {
        return Err(dictionaries.error(format!("has {} entries for {features} features", items.len())));
    }
    let mut all = Vec::with_capacity(items.len());
    for item in items {
        all.push(if item.find("offsets")?.is_some() { names(&item, version)? } else { numbers(&item)? });
    }
    if all.iter().all(Option::is_none) {
        all.clear();
    }
    Ok(all)
}

/// Names one behind the other, each from its offset to the next.
fn names(at: &Cursor<'_>, version: (i64, i64)) -> Result<Option<Categories>, FileError> {
    let (offsets_at, bytes_at) = (at.field("offsets")?, at.field("values")?);
    let offsets = offsets_at.integers()?;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "bytes, signed or not")]
    let bytes: Vec<u8> = bytes_at.integers()?.into_iter().map(|byte| byte as u8).collect();
    if offsets.len() < 2 {
        return Ok(None);
    }
    if version < NAMES_IN_BYTES && !bytes.is_ascii() {
        return Err(FileError::Unsupported {
            what: "a dictionary of categories with names beyond ASCII, which XGBoost before 3.4 writes wrongly,".into(),
            remedy: "train again with ASCII names, or with codes instead of names",
        });
    }
    let mut names = Vec::with_capacity(offsets.len() - 1);
    for pair in offsets.windows(2) {
        let ends = (usize::try_from(pair[0]), usize::try_from(pair[1]));
        let name = match ends {
            (Ok(start), Ok(end)) => bytes.get(start..end),
            _ => None,
        };
        let name = name.ok_or_else(|| offsets_at.error("lies outside of the names"))?;
        let name = std::str::from_utf8(name).map_err(|_| bytes_at.error("holds a name that is no UTF-8"))?;
        names.push(name.to_owned());
    }
    Ok(Some(Categories::Names(names)))
}

fn numbers(at: &Cursor<'_>) -> Result<Option<Categories>, FileError> {
    let Some(kind_at) = at.find("type")? else { return Ok(None) };
    let (kind, values_at): (u8, _) = (kind_at.number()?, at.field("values")?);
    #[expect(clippy::cast_precision_loss, reason = "no category has a number beyond 2^53")]
    let values: Vec<f64> = if INTEGERS.contains(&kind) {
        values_at.integers()?.into_iter().map(|value| value as f64).collect()
    } else {
        values_at.reals()?.into_iter().map(f64::from).collect()
    };
    Ok((!values.is_empty()).then_some(Categories::Numbers { kind, values }))
}
