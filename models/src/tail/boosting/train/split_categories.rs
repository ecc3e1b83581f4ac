//! Splits of categories: one against the others where they are few, else a prefix of them in the order of their
//! Newton steps (Fisher, "On Grouping for Maximum Homogeneity", JASA 53, 1958).
use super::super::CategorySet;
use super::gain::Sums;
use super::split::{Found, Question, Search};
use super::tally::Tally;

pub(super) fn over_categories<T: Tally>(
    search: &mut Search<'_>,
    tally: &T,
    cells: &[T::Cell],
    count: usize,
    has_missing: bool,
) -> Found {
    let missing = if has_missing { tally.sums(cells[count]) } else { Sums::default() };
    let sums: Vec<Sums> = cells[..count].iter().map(|cell| tally.sums(*cell)).collect();
    if count < search.rules.max_cat_to_onehot {
        one_against_others(search, &sums, missing)
    } else {
        by_order(search, &sums)
    }
}

fn one_against_others(search: &mut Search<'_>, sums: &[Sums], missing: Sums) -> Found {
    let mut found = None;
    for (category, right) in sums.iter().enumerate() {
        let with_missing = Sums { gradient: right.gradient + missing.gradient, weight: right.weight + missing.weight };
        for (right, default_left) in [(*right, true), (with_missing, false)] {
            let left = search.node.sums.without(right);
            if search.improves(left, right, None) {
                found = Some((Question::In(set([category])), default_left, left));
            }
        }
    }
    found
}

/// From both ends, so that missing values are tried on either side. Categories without a row here stay left.
fn by_order(search: &mut Search<'_>, sums: &[Sums]) -> Found {
    let step = |category: &usize| search.rules.regularization.weight(sums[*category]);
    let mut order: Vec<usize> = (0..sums.len()).filter(|category| search.holds_rows(sums[*category])).collect();
    order.sort_by(|a, b| step(a).total_cmp(&step(b)));
    let most = search.rules.max_cat_threshold.min(order.len()).saturating_sub(1);
    let mut found = None;
    let mut right = Sums::default();
    for taken in 1..=most {
        add(&mut right, sums[order[taken - 1]]);
        let left = search.node.sums.without(right);
        if search.improves(left, right, None) {
            found = Some((Question::In(set(order[..taken].iter().copied())), true, left));
        }
    }
    let mut left = Sums::default();
    for kept in (order.len() - most..order.len()).rev() {
        add(&mut left, sums[order[kept]]);
        let right = search.node.sums.without(left);
        if search.improves(left, right, None) {
            found = Some((Question::In(set(order[..kept].iter().copied())), false, left));
        }
    }
    found
}

fn add(sum: &mut Sums, other: Sums) {
    sum.gradient += other.gradient;
    sum.weight += other.weight;
}

fn set(categories: impl IntoIterator<Item = usize>) -> CategorySet {
    categories.into_iter().filter_map(|category| u32::try_from(category).ok()).collect()
}
