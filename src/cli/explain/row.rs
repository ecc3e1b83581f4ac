//! One row: what each of its features adds.
use super::picture::{Step, waterfall};
use super::{Answer, Arguments, COMMAND};
use crate::cli::Refusal;
use crate::cli::input::{self, Table};
use crate::cli::model_input::{Chosen, Rows, explainer, say_best_round};
use crate::cli::plot::{caption, written};
use bellwether_adapters::csv::CsvError;
use bellwether_models::tail::boosting::{BoostedTrees, Link, RowPredictor};
use serde_json::json;
use std::path::Path;

/// Digits of a contribution.
const DIGITS: usize = 4;

/// What is known of the row.
struct Explained {
    row: u64,
    chosen: Chosen,
    /// The name of the quantile whose trees gave the served value, if another's.
    served_by: Option<String>,
    bias: f64,
    /// Largest first.
    contributions: Vec<Contribution>,
    margin: f64,
    prediction: f32,
    link: Link,
}

struct Contribution {
    feature: String,
    cell: String,
    value: f64,
}

pub(super) fn explain(model: &BoostedTrees, arguments: &Arguments, data: &Path, row: u64) -> anyhow::Result<Answer> {
    let chosen = arguments.choice.of(model)?;
    let mut table = input::open(data, "split the file", COMMAND)?;
    let mut rows = Rows::bind(&table, model, COMMAND)?;
    let (values, cells) = find(&mut table, &mut rows, row)?;
    say_best_round(model);
    rows.say_ignored(&[]);
    rows.say_missing();
    let mut margins = vec![0.0; model.outputs()];
    RowPredictor::new(model).margins(&values, &mut margins)?;
    let output = chosen.served(model, &margins);
    let shap = explainer(model)?;
    let names = rows.names().map(str::to_owned);
    let contributions = names.zip(cells).zip(shap.contributions(&values, output)?);
    let mut contributions: Vec<_> =
        contributions.map(|((feature, cell), value)| Contribution { feature, cell, value }).collect();
    let (bias, sum): (_, f64) = (shap.bias(output)?, contributions.iter().map(|one| one.value).sum());
    contributions.sort_by(|one, other| other.value.abs().total_cmp(&one.value.abs()));
    let link = model.link();
    let mut predicted = margins.clone();
    link.apply(&mut predicted);
    let explained = Explained {
        row,
        served_by: (output != chosen.output).then(|| level_name(model, output)),
        bias,
        contributions,
        margin: bias + sum,
        prediction: if link == Link::LargestClass { predicted[0] } else { predicted[output] },
        link,
        chosen,
    };
    Ok(explained.answer(arguments.top))
}

fn level_name(model: &BoostedTrees, output: usize) -> String {
    use bellwether_models::tail::boosting::Objective;
    match &model.parts().objective {
        Objective::Quantile { levels } => format!("q{}", levels[output]),
        Objective::Other { .. } => format!("class_{output}"),
    }
}

/// The values and cells of a row, counted from 1.
fn find(table: &mut Table, rows: &mut Rows, sought: u64) -> Result<(Vec<f32>, Vec<String>), Refusal> {
    let refused = |error: CsvError| input::advised(&error, COMMAND);
    for _ in 1..sought {
        if table.next_row().map_err(refused)?.is_none() {
            break;
        }
    }
    let file = table.file().to_owned();
    let Some(row) = table.next_row().map_err(refused)? else {
        return Err(Refusal::new(format!("there is no row {sought}"), "the first row below the header is 1").at(file));
    };
    let mut values = Vec::new();
    rows.take(row, &mut values)?;
    let cells = rows.cells(row)?.into_iter().map(|cell| caption(cell.trim(), 40)).collect();
    Ok((values, cells))
}

impl Explained {
    fn answer(&self, top: usize) -> Answer {
        let (shown, rest) = self.contributions.split_at(top.min(self.contributions.len()));
        let others: f64 = rest.iter().map(|one| one.value).sum();
        Answer {
            text: self.text(shown, rest.len(), others),
            json: self.json(shown, rest.len(), others),
            picture: waterfall(&self.title(), self.bias, &self.steps(shown, rest.len(), others)),
        }
    }

    fn title(&self) -> String {
        format!("{} of row {} is {}", self.chosen.name, self.row, written(f64::from(self.prediction), 5))
    }

    fn text(&self, shown: &[Contribution], others: usize, sum_of_others: f64) -> String {
        let mut lines = vec![(
            written(self.bias, DIGITS),
            "bias: the model's mean, before anything is known of the row".to_owned(),
        )];
        lines.extend(shown.iter().map(|one| (signed(one.value), one.label())));
        if others > 0 {
            lines.push((signed(sum_of_others), others_label(others)));
        }
        let sum = if self.link == Link::Identity { "sum" } else { "sum: the margin, before the objective's link" };
        lines.push((written(self.margin, DIGITS), sum.to_owned()));
        let width = lines.iter().map(|(number, _)| number.chars().count()).max().unwrap_or(0);
        let mut text = self.title() + "\n";
        if let Some(other) = &self.served_by {
            text +=
                &format!("quantiles are served sorted: this value is that of the trees for {other}, explained here\n");
        }
        for (number, what) in lines {
            text += &format!("  {number:>width$}  {what}\n");
        }
        text
    }

    fn json(&self, shown: &[Contribution], others: usize, sum_of_others: f64) -> serde_json::Value {
        let contributions = shown
            .iter()
            .map(|one| json!({ "feature": one.feature, "value": one.cell, "contribution": one.value }))
            .collect::<Vec<_>>();
        json!({
            "row": self.row,
            "output": self.chosen.name,
            "explained_output": self.served_by.as_ref().unwrap_or(&self.chosen.name),
            "prediction": self.prediction,
            "margin": self.margin,
            "bias": self.bias,
            "contributions": contributions,
            "other_features": { "count": others, "contribution": sum_of_others },
        })
    }

    fn steps(&self, shown: &[Contribution], others: usize, sum_of_others: f64) -> Vec<Step> {
        let step = |label: String, value: f64| Step { label, value, written: signed(value) };
        let mut steps: Vec<_> = shown.iter().map(|one| step(one.label(), one.value)).collect();
        if others > 0 {
            steps.push(step(others_label(others), sum_of_others));
        }
        steps
    }
}

impl Contribution {
    fn label(&self) -> String {
        let cell = if self.cell.is_empty() { "(missing)" } else { &self.cell };
        format!("{} = {cell}", caption(&self.feature, 40))
    }
}

fn others_label(others: usize) -> String {
    if others == 1 { "1 other feature".to_owned() } else { format!("{others} other features") }
}

/// A number with its sign.
fn signed(value: f64) -> String {
    let text = written(value, DIGITS);
    if text.starts_with('-') { text } else { format!("+{text}") }
}
