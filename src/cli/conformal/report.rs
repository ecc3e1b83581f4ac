//! What is said on standard error: the corrections, and how the intervals fare where the target is known.
use super::Bounds;
use super::labelled::Row;
use super::table::Table;
use crate::cli::plot::{caption, written};
use bellwether_models::metrics::{Estimate, IntervalEvaluation, UpperBoundEvaluation};
use bellwether_models::tail::conformal::{
    CalibratedByGroup, Corrected, Correction, Coverage, Interval, Sides, SplitConformal,
};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::rc::Rc;

/// Groups that a table lists.
const LISTED: usize = 40;
/// Digits of a figure.
const DIGITS: usize = 4;

/// Gathers what is to be said.
pub(super) struct Report {
    wanted: SplitConformal,
    levels: String,
    is_grouped: bool,
    /// Of the model's own quantiles.
    uncorrected: Evaluation,
    all: Evaluation,
    groups: BTreeMap<Rc<str>, Evaluation>,
    /// Groups without calibration rows.
    unknown: BTreeSet<Rc<str>>,
    rows: u64,
    crossed: u64,
    collapsed: u64,
}

/// How the intervals, or the upper bounds, of some rows fare.
#[derive(Debug, Clone)]
enum Evaluation {
    Intervals(IntervalEvaluation),
    UpperBounds(UpperBoundEvaluation),
}

impl Evaluation {
    fn new(coverage: Coverage, sides: Sides) -> Self {
        match sides {
            Sides::Upper => Self::UpperBounds(UpperBoundEvaluation::new(coverage)),
            _ => Self::Intervals(IntervalEvaluation::new(coverage)),
        }
    }

    fn add(&mut self, interval: Interval, target: f64) {
        match self {
            Self::Intervals(evaluation) => evaluation.add(interval, target),
            Self::UpperBounds(evaluation) => evaluation.add(interval.upper, target),
        };
    }

    /// Number of rows, and the figures; `None` without rows.
    fn figures(&self) -> Option<(u64, Vec<Estimate>)> {
        match self {
            Self::Intervals(evaluation) => evaluation
                .report()
                .map(|report| (report.rows, vec![report.coverage, report.mean_width, report.interval_score])),
            Self::UpperBounds(evaluation) => {
                evaluation.report().map(|report| (report.rows, vec![report.coverage, report.pinball_loss]))
            }
        }
    }
}

impl Report {
    pub(super) fn new(wanted: &SplitConformal, bounds: &Bounds, is_grouped: bool) -> Self {
        let levels: Vec<String> = bounds.wanted.iter().map(ToString::to_string).collect();
        Self {
            wanted: *wanted,
            levels: levels.join(" and "),
            is_grouped,
            uncorrected: Evaluation::new(wanted.coverage(), wanted.sides()),
            all: Evaluation::new(wanted.coverage(), wanted.sides()),
            groups: BTreeMap::new(),
            unknown: BTreeSet::new(),
            rows: 0,
            crossed: 0,
            collapsed: 0,
        }
    }

    /// What calibration found.
    pub(super) fn of_calibration(
        &self,
        path: &Path,
        calibrated: &CalibratedByGroup<Rc<str>>,
        unlabelled: usize,
    ) -> String {
        let (size, coverage) = (calibrated.pooled().size(), self.wanted.coverage().get());
        let rank =
            if self.wanted.sides() == Sides::Upper { "upper bound at quantile" } else { "interval of quantiles" };
        let mut said =
            format!("calibration on {size} rows of {}: coverage {coverage}, {rank} {}\n", path.display(), self.levels);
        if unlabelled > 0 {
            said += &format!("note: {unlabelled} calibration rows without a target were skipped\n");
        }
        let mut table = Table::new(self.head(match self.wanted.sides() {
            Sides::Symmetric => &["rows", "correction"],
            Sides::Asymmetric => &["rows", "correction below", "correction above"],
            Sides::Upper => &["rows", "correction above"],
        }));
        table.row("all", [vec![size.to_string()], self.corrections(calibrated.pooled().correction())].concat());
        if self.is_grouped {
            for (name, group) in listed(calibrated.groups()) {
                let mut cells = [vec![group.size.to_string()], self.corrections(group.correction)].concat();
                if group.is_pooled {
                    cells.push(format!("borrowed from all: {} rows are needed", self.wanted.minimum_size()));
                }
                table.row(&shown(name), cells);
            }
            table.more(calibrated.groups().len().saturating_sub(LISTED));
        }
        said + &table.text()
    }

    fn head(&self, columns: &[&str]) -> Vec<String> {
        std::iter::once(if self.is_grouped { "group" } else { "" })
            .chain(columns.iter().copied())
            .map(str::to_owned)
            .collect()
    }

    fn corrections(&self, correction: Correction) -> Vec<String> {
        let upper = written(correction.upper, DIGITS);
        if self.wanted.sides() == Sides::Asymmetric {
            vec![written(correction.lower, DIGITS), upper]
        } else {
            vec![upper]
        }
    }

    /// Takes in a row of the data.
    pub(super) fn add(&mut self, row: &Row, corrected: &Corrected, calibrated: &CalibratedByGroup<Rc<str>>) {
        self.rows += 1;
        self.crossed += u64::from(row.is_crossed);
        self.collapsed += u64::from(corrected.is_collapsed);
        if !calibrated.groups().contains_key(&row.group) {
            self.unknown.insert(Rc::clone(&row.group));
        }
        let Some(target) = row.target else { return };
        self.uncorrected.add(row.interval, target);
        self.all.add(corrected.interval, target);
        if self.is_grouped {
            let (coverage, sides) = (self.wanted.coverage(), self.wanted.sides());
            let group = self.groups.entry(Rc::clone(&row.group)).or_insert_with(|| Evaluation::new(coverage, sides));
            group.add(corrected.interval, target);
        }
    }

    /// What the data's rows showed.
    pub(super) fn of_data(&self, path: &Path) -> String {
        let mut said = String::new();
        if self.crossed > 0 {
            said += &format!(
                "note: the model's quantiles crossed in {} of {} rows and were sorted\n",
                self.crossed, self.rows
            );
        }
        if self.collapsed > 0 {
            let rows = self.collapsed;
            said += &format!(
                "warning: {rows} intervals shrank to the point in their middle: they were narrower than their correction\n"
            );
        }
        if !self.unknown.is_empty() {
            let names: Vec<String> = self.unknown.iter().take(8).map(|name| format!("\"{}\"", shown(name))).collect();
            let more = if self.unknown.len() > 8 { ", ..." } else { "" };
            said += &format!(
                "note: no calibration row is of group {}{more}: the correction of all was borrowed\n",
                names.join(", ")
            );
        }
        let Some((rows, figures)) = self.all.figures() else { return said };
        said += &format!("evaluation on {rows} rows of {} (± standard error)\n", path.display());
        let mut table = Table::new(self.head(match self.all {
            Evaluation::Intervals(_) => &["rows", "coverage", "mean width", "interval score"],
            Evaluation::UpperBounds(_) => &["rows", "coverage", "pinball loss"],
        }));
        if let Some((rows, figures)) = self.uncorrected.figures() {
            table.row("as the model says", cells(rows, &figures));
        }
        table.row(if self.is_grouped { "corrected, all" } else { "corrected" }, cells(rows, &figures));
        for (name, evaluation) in listed(&self.groups) {
            if let Some((rows, figures)) = evaluation.figures() {
                table.row(&shown(name), cells(rows, &figures));
            }
        }
        table.more(self.groups.len().saturating_sub(LISTED));
        said + &table.text()
    }
}

fn cells(rows: u64, figures: &[Estimate]) -> Vec<String> {
    let figures = figures.iter().map(|figure| {
        let error = figure.standard_error.map_or_else(|| "?".to_owned(), |error| written(error, 2));
        format!("{} ± {error}", written(figure.value, DIGITS))
    });
    std::iter::once(rows.to_string()).chain(figures).collect()
}

/// The first groups, in the order of their numbers if they are numbers.
fn listed<T>(groups: &BTreeMap<Rc<str>, T>) -> Vec<(&Rc<str>, &T)> {
    let mut ordered: Vec<_> = groups.iter().collect();
    let number = |name: &str| name.parse::<f64>().unwrap_or(f64::INFINITY);
    ordered.sort_by(|(one, _), (other, _)| number(one).total_cmp(&number(other)));
    ordered.truncate(LISTED);
    ordered
}

/// A group's name, fit for a line.
fn shown(name: &str) -> String {
    if name.is_empty() { "(empty)".to_owned() } else { caption(name, 40) }
}
