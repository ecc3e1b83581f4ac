//! All features: what their splits gained in training, and what their shuffling costs on data.
use super::picture::bars;
use super::{Answer, Arguments, COMMAND, names};
use crate::cli::input;
use crate::cli::model_input::Rows;
use crate::cli::plot::{caption, written};
use crate::cli::{Refusal, say};
use bellwether_adapters::csv::CsvError;
use bellwether_models::explain::permutation::{PermutationImportance, Permutations, permutation_importance};
use bellwether_models::explain::{Importance, importance};
use bellwether_models::tail::boosting::{BoostedTrees, Objective, RowPredictor, served_quantiles};
use serde_json::json;
use std::path::Path;

/// Values of a table beyond which it would take too much memory.
const MOST_VALUES: usize = 24_000_000;
/// Trees walked, over all rows and shufflings, beyond which it would take too long: a few seconds.
const MOST_WALKS: usize = 300_000_000;
/// Fewest rows that are worth measuring on.
const FEWEST_ROWS: usize = 50;

pub(super) fn explain(model: &BoostedTrees, arguments: &Arguments) -> anyhow::Result<Answer> {
    let output = if arguments.choice.is_open() { None } else { Some(arguments.choice.of(model)?.output) };
    let of_splits = importance(model, output);
    let shuffled = match (&arguments.data, &arguments.target) {
        (Some(data), Some(target)) => {
            let loss = Loss::new(model, output)?;
            Some(Examples::read(model, data, target)?.shuffle(&loss, arguments, &of_splits)?)
        }
        _ => None,
    };
    Ok(answer(model, &of_splits, shuffled.as_ref(), arguments.top))
}

/// Rows with the truth.
struct Examples {
    rows: Vec<f32>,
    targets: Vec<f64>,
    features: usize,
}

/// What was measured by shuffling.
struct Shuffled {
    loss: &'static str,
    rows: usize,
    original: f64,
    /// By feature.
    importances: Vec<PermutationImportance>,
}

impl Examples {
    fn read(model: &BoostedTrees, data: &Path, target: &str) -> Result<Self, Refusal> {
        let refused = |error: CsvError| input::advised(&error, COMMAND);
        let mut table = input::open(data, "give a sample of its rows", COMMAND)?;
        let column = table.column(target).map_err(refused)?;
        let mut bound = Rows::bind(&table, model, COMMAND)?;
        let file = table.file().to_owned();
        let (mut rows, mut targets, mut skipped) = (Vec::new(), Vec::new(), 0);
        while let Some(row) = table.next_row().map_err(refused)? {
            let Some(value) = row.number(column).map_err(refused)? else {
                skipped += 1;
                continue;
            };
            bound.take(row, &mut rows)?;
            targets.push(value);
            if rows.len() > MOST_VALUES {
                return Err(Refusal::new("the table is too large", "give a sample of its rows").at(file));
            }
        }
        if targets.is_empty() {
            let what = format!("no row has a value of \"{target}\"");
            return Err(Refusal::new(what, "give rows with the truth").at(file));
        }
        bound.say_ignored(&[target]);
        bound.say_missing();
        if skipped > 0 {
            say(&format!("note: {skipped} rows without a value of \"{target}\" are left out\n"));
        }
        Ok(Self { rows, targets, features: model.parts().features.count })
    }

    /// Keeps rows at even distances, so that the work takes seconds.
    fn thin(&mut self, walks_per_row: usize) {
        let (rows, most) = (self.targets.len(), (MOST_WALKS / walks_per_row.max(1)).max(FEWEST_ROWS));
        if rows <= most {
            return;
        }
        let kept: Vec<_> = (0..most).map(|index| index * rows / most).collect();
        self.rows = kept.iter().flat_map(|row| &self.rows[row * self.features..][..self.features]).copied().collect();
        self.targets = kept.iter().map(|row| self.targets[*row]).collect();
        say(&format!("note: {most} of {rows} rows are used, at even distances, to answer within seconds\n"));
    }

    fn shuffle(mut self, loss: &Loss<'_>, arguments: &Arguments, of_splits: &[Importance]) -> anyhow::Result<Shuffled> {
        let used: Vec<_> = (0..self.features).filter(|feature| of_splits[*feature].splits > 0).collect();
        let repeats = arguments.repeats as usize;
        self.thin(loss.model.trees_in_use().len() * used.len() * repeats);
        let permutations = Permutations { repeats, seed: arguments.seed };
        let found = permutation_importance(&self.rows, self.features, &used, permutations, |rows| {
            loss.mean(rows, &self.targets)
        })?;
        // A feature that no tree asks for costs nothing.
        let mut importances = vec![PermutationImportance { mean: 0.0, standard_deviation: 0.0 }; self.features];
        for (feature, found) in used.into_iter().zip(found) {
            importances[feature] = found;
        }
        let original = loss.mean(&self.rows, &self.targets);
        Ok(Shuffled { loss: loss.name(), rows: self.targets.len(), original, importances })
    }
}

/// What a prediction is measured by.
struct Loss<'m> {
    model: &'m BoostedTrees,
    predictor: RowPredictor,
    /// The quantile levels, and the one that counts, if only one does.
    levels: Option<(&'m [f32], Option<f32>)>,
}

impl<'m> Loss<'m> {
    fn new(model: &'m BoostedTrees, output: Option<usize>) -> Result<Self, Refusal> {
        let levels = match &model.parts().objective {
            Objective::Quantile { levels } => Some((levels.as_slice(), output.map(|output| levels[output]))),
            Objective::Other { .. } if model.outputs() == 1 => None,
            Objective::Other { .. } => {
                let what = "the model has several outputs, and one target does not judge them";
                return Err(Refusal::new(what, "leave --data and --target out: gains need no data"));
            }
        };
        Ok(Self { model, predictor: RowPredictor::new(model), levels })
    }

    const fn name(&self) -> &'static str {
        if self.levels.is_some() { "pinball loss" } else { "squared error" }
    }

    /// Over the rows, and over the quantiles as they are served; NaN if the rows are not the model's.
    fn mean(&self, rows: &[f32], targets: &[f64]) -> f64 {
        let outputs = self.model.outputs();
        let mut margins = vec![0.0; targets.len() * outputs];
        if self.predictor.margins_of_rows(rows, &mut margins).is_err() {
            return f64::NAN;
        }
        let losses = margins.chunks_exact_mut(outputs).zip(targets).map(|(row, target)| self.of(row, *target));
        losses.sum::<f64>() / targets.len() as f64
    }

    fn of(&self, margins: &mut [f32], target: f64) -> f64 {
        let Some((levels, asked)) = self.levels else {
            self.model.link().apply(margins);
            return (f64::from(margins[0]) - target).powi(2);
        };
        let served = served_quantiles(levels, margins);
        let asked = served.iter().filter(|one| asked.is_none_or(|level| level == one.level));
        let (mut sum, mut count) = (0.0, 0);
        for one in asked {
            let (level, error) = (f64::from(one.level), target - f64::from(one.value));
            sum += (level * error).max((level - 1.0) * error);
            count += 1;
        }
        sum / f64::from(count)
    }
}

fn answer(model: &BoostedTrees, of_splits: &[Importance], shuffled: Option<&Shuffled>, top: usize) -> Answer {
    let names = names(model);
    let rank = |feature: usize| shuffled.map_or(of_splits[feature].total_gain, |found| found.importances[feature].mean);
    let mut order: Vec<_> = (0..names.len()).collect();
    order.sort_by(|one, other| rank(*other).total_cmp(&rank(*one)));
    order.truncate(top);
    let title = match shuffled {
        Some(found) => format!(
            "mean {} of {} rows {}; increase by shuffling a feature (mean ± standard deviation), and its splits",
            found.loss,
            found.rows,
            written(found.original, 4)
        ),
        None => "features by the total gain of their splits".to_owned(),
    };
    let bar = |feature: &usize| (names[*feature].clone(), rank(*feature));
    let picture_title = if shuffled.is_some() { "permutation importance" } else { "total gain of a feature's splits" };
    Answer {
        text: text(&title, &names, &order, of_splits, shuffled),
        json: json(&names, &order, of_splits, shuffled),
        picture: bars(picture_title, &title, &order.iter().map(bar).collect::<Vec<_>>()),
    }
}

fn text(
    title: &str,
    names: &[String],
    order: &[usize],
    of_splits: &[Importance],
    shuffled: Option<&Shuffled>,
) -> String {
    let line = |cost: Option<String>, cells: [String; 5]| {
        let [name, total, mean, count, cover] = cells;
        let cost = cost.map_or_else(String::new, |cost| format!(" {cost:>18}"));
        format!("{name:<40}{cost} {total:>12} {mean:>12} {count:>8} {cover:>12}\n")
    };
    let heads = ["feature", "total gain", "mean gain", "splits", "mean cover"].map(str::to_owned);
    let mut text = format!("{title}\n{}", line(shuffled.map(|_| "shuffled".to_owned()), heads));
    for feature in order {
        let splits = &of_splits[*feature];
        let cost = shuffled.map(|found| {
            let found = found.importances[*feature];
            format!("{} ± {}", written(found.mean, 3), written(found.standard_deviation, 2))
        });
        let [total, mean, cover] = [splits.total_gain, splits.mean_gain(), splits.mean_cover()].map(|x| written(x, 4));
        text += &line(cost, [caption(&names[*feature], 39), total, mean, splits.splits.to_string(), cover]);
    }
    text
}

fn json(names: &[String], order: &[usize], of_splits: &[Importance], shuffled: Option<&Shuffled>) -> serde_json::Value {
    let feature = |feature: &usize| {
        let splits = &of_splits[*feature];
        let permutation = shuffled.map(|found| {
            let found = found.importances[*feature];
            json!({ "mean": found.mean, "standard_deviation": found.standard_deviation })
        });
        json!({
            "feature": names[*feature],
            "permutation": permutation,
            "total_gain": splits.total_gain,
            "gain": splits.mean_gain(),
            "splits": splits.splits,
            "total_cover": splits.total_cover,
            "cover": splits.mean_cover(),
        })
    };
    let loss = shuffled.map(|found| json!({ "name": found.loss, "mean": found.original, "rows": found.rows }));
    json!({ "loss": loss, "features": order.iter().map(feature).collect::<Vec<_>>() })
}
