//! Which of a model's quantiles an interval is made of.
use crate::cli::Refusal;
use bellwether_models::tail::boosting::{BoostedTrees, Objective, served_quantiles};
use bellwether_models::tail::conformal::{Interval, Sides, SplitConformal};

/// A level is kept as a 32-bit number, so it is off by so much at most.
const ROUNDING: f32 = f32::EPSILON;

/// The places of an interval's ends among a model's quantiles.
#[derive(Debug)]
pub(super) struct Bounds {
    /// In the model's order.
    levels: Vec<f32>,
    /// The outputs by ascending level.
    outputs: Vec<usize>,
    /// Places among the levels in ascending order; none for a bound from above alone.
    lower: Option<usize>,
    upper: usize,
    /// The levels themselves.
    pub(super) wanted: Vec<f32>,
}

impl Bounds {
    /// # Errors
    /// A [`Refusal`] that names the quantiles the model has, and what to do.
    pub(super) fn of(model: &BoostedTrees, split: &SplitConformal) -> Result<Self, Refusal> {
        let Objective::Quantile { levels } = &model.parts().objective else {
            let what = format!("the model predicts no quantiles (its objective is {})", model.parts().objective.name());
            let hint = "train one with the objective reg:quantileerror, such as `--quantiles 0.05,0.95`";
            return Err(Refusal::new(what, hint));
        };
        let mut ascending = levels.clone();
        ascending.sort_by(f32::total_cmp);
        let is_upper = split.sides() == Sides::Upper;
        let wanted = levels_of(split.coverage().get(), is_upper);
        let places: Option<Vec<_>> = wanted.iter().map(|level| place(&ascending, *level)).collect();
        let (lower, upper) = match places.as_deref() {
            Some([lower, upper]) => (Some(*lower), *upper),
            Some([upper]) => (None, *upper),
            _ => return Err(refusal(&ascending, &wanted, split.coverage().get(), is_upper)),
        };
        let mut outputs: Vec<usize> = (0..levels.len()).collect();
        outputs.sort_by(|one, other| levels[*one].total_cmp(&levels[*other]));
        Ok(Self { levels: levels.clone(), outputs, lower, upper, wanted })
    }

    /// The interval of a row's outputs, and whether any of its quantiles crossed.
    pub(super) fn interval(&self, outputs: &[f32]) -> (Interval, bool) {
        let served = served_quantiles(&self.levels, outputs);
        // Both places are those of levels, and every level has an output.
        let value = |place: usize| served.get(place).map_or(f64::NAN, |quantile| f64::from(quantile.value));
        let upper = value(self.upper);
        let interval = self.lower.map_or(Interval::up_to(upper), |lower| Interval::new(value(lower), upper));
        let in_order = self.outputs.iter().filter_map(|output| outputs.get(*output));
        let is_crossed = !in_order.is_sorted();
        (interval, is_crossed)
    }
}

/// The levels that belong to a coverage.
#[expect(clippy::cast_possible_truncation, reason = "levels of a model are f32")]
fn levels_of(coverage: f64, is_upper: bool) -> Vec<f32> {
    if is_upper {
        vec![coverage as f32]
    } else {
        vec![((1.0 - coverage) / 2.0) as f32, ((1.0 + coverage) / 2.0) as f32]
    }
}

fn place(ascending: &[f32], level: f32) -> Option<usize> {
    ascending.iter().position(|one| (one - level).abs() <= ROUNDING.min(level / 1e4))
}

fn refusal(ascending: &[f32], wanted: &[f32], coverage: f64, is_upper: bool) -> Refusal {
    let said = |levels: &[f32], between: &str| {
        let mut text: Vec<String> = levels.iter().take(12).map(ToString::to_string).collect();
        if levels.len() > 12 {
            text.push("...".to_owned());
        }
        text.join(between)
    };
    let what = format!(
        "the model predicts the quantiles {}, but coverage {coverage} needs {}",
        said(ascending, ", "),
        said(wanted, " and ")
    );
    let mut hint = format!("train with --quantiles {}", said(wanted, ","));
    let possible = if is_upper { ascending.to_vec() } else { coverages(ascending) };
    if !possible.is_empty() {
        hint = format!("ask for --coverage {}, or {hint}", said(&possible, " or "));
    }
    Refusal::new(what, hint)
}

/// Coverages whose pair of quantiles the model has, ascending.
#[expect(clippy::cast_possible_truncation, reason = "as exact as the levels")]
fn coverages(ascending: &[f32]) -> Vec<f32> {
    let lower = ascending.iter().rev().filter(|level| **level < 0.5);
    let coverages = lower.map(|level| (1.0 - 2.0 * f64::from(*level)) as f32);
    coverages
        .filter(|coverage| {
            levels_of(f64::from(*coverage), false).iter().all(|level| place(ascending, *level).is_some())
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The levels as a model file has them: the nearest 32-bit numbers.
    #[test]
    fn the_pair_of_a_coverage_is_found_among_rounded_levels() {
        let levels = [0.0005, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.975, 0.99, 0.995, 0.9995];
        for (coverage, lower, upper) in
            [(0.5, 6, 8), (0.8, 5, 9), (0.9, 4, 10), (0.95, 3, 11), (0.98, 2, 12), (0.99, 1, 13), (0.999, 0, 14)]
        {
            let places: Vec<_> = levels_of(coverage, false).iter().map(|level| place(&levels, *level)).collect();
            assert_eq!(places, [Some(lower), Some(upper)], "{coverage}");
        }
        for coverage in [0.7, 0.901, 0.9995, 0.9999, 0.998_999] {
            assert!(levels_of(coverage, false).iter().any(|level| place(&levels, *level).is_none()), "{coverage}");
        }
        assert_eq!(levels_of(0.99, true).iter().map(|level| place(&levels, *level)).collect::<Vec<_>>(), [Some(12)]);
        assert_eq!(coverages(&levels), [0.5, 0.8, 0.9, 0.95, 0.98, 0.99, 0.999]);
        assert_eq!(coverages(&[0.5, 0.95, 0.99]), [0.0_f32; 0]);
    }
}
