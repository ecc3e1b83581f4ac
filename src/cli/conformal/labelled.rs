//! Rows with the model's interval, their target and their group.
use super::{Bounds, COMMAND};
use crate::cli::input::Table;
use crate::cli::model_input::Rows;
use crate::cli::{Refusal, input};
use bellwether_adapters::csv::{Column, CsvError};
use bellwether_models::tail::boosting::BoostedTrees;
use bellwether_models::tail::conformal::Interval;
use std::collections::HashSet;
use std::rc::Rc;

/// Groups beyond which they would take too much memory.
const MOST_GROUPS: usize = 100_000;

/// A row.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) interval: Interval,
    /// Any of the model's quantiles crossed.
    pub(super) is_crossed: bool,
    pub(super) target: Option<f64>,
    pub(super) group: Rc<str>,
}

/// Some rows in the file's order.
#[derive(Debug, Default)]
pub(super) struct Block {
    pub(super) rows: Vec<Row>,
    features: Vec<f32>,
    lines: Vec<u64>,
}

/// A table being read.
pub(super) struct Labelled<'m> {
    /// What messages call the table.
    file: String,
    table: Table,
    rows: Rows,
    /// Names of the target's and the group's columns.
    read_here: Vec<String>,
    model: &'m BoostedTrees,
    bounds: &'m Bounds,
    target: Option<Column>,
    group: Option<Column>,
    /// Every name of a group once.
    names: HashSet<Rc<str>>,
    no_group: Rc<str>,
}

impl<'m> Labelled<'m> {
    /// # Errors
    /// A [`Refusal`] that names the column that is missing: a feature's, the group's, or the target's if it must be there.
    pub(super) fn bind(
        table: Table,
        (model, bounds): (&'m BoostedTrees, &'m Bounds),
        (target, group): (&str, Option<&str>),
        needs_target: bool,
    ) -> Result<Self, Refusal> {
        let refused = |error: CsvError| input::advised(&error, COMMAND);
        let target_column = if needs_target { table.column(target).map(Some) } else { table.find(target) };
        let target_column = target_column.map_err(refused)?;
        let group_column = group.map(|name| table.column(name)).transpose().map_err(refused)?;
        let rows = Rows::bind(&table, model, COMMAND)?;
        Ok(Self {
            file: table.file().to_owned(),
            table,
            rows,
            read_here: [target].into_iter().chain(group).map(str::to_owned).collect(),
            model,
            bounds,
            target: target_column,
            group: group_column,
            names: HashSet::new(),
            no_group: Rc::from(""),
        })
    }

    /// Reads some rows; gives their number, 0 behind the last.
    ///
    /// # Errors
    /// A [`Refusal`] that names line, column and cell.
    pub(super) fn next_block(&mut self, block: &mut Block) -> anyhow::Result<usize> {
        let refused = |error: CsvError| input::advised(&error, COMMAND);
        let Block { rows, features, lines } = block;
        rows.clear();
        features.clear();
        lines.clear();
        while rows.len() < self.rows.block() {
            let Some(row) = self.table.next_row().map_err(refused)? else { break };
            self.rows.take(row, features)?;
            let target = self.target.map(|column| row.number(column)).transpose().map_err(refused)?.flatten();
            let group = match self.group {
                None => Rc::clone(&self.no_group),
                Some(column) => {
                    let name = row.text(column).map_err(refused)?.trim();
                    named(&mut self.names, name).ok_or_else(|| {
                        let what = format!("more than {MOST_GROUPS} groups are too many");
                        Refusal::new(what, "name a column with fewer values").at(self.file.clone())
                    })?
                }
            };
            lines.push(row.line());
            rows.push(Row { interval: Interval::up_to(0.0), is_crossed: false, target, group });
        }
        if rows.is_empty() {
            return Ok(0);
        }
        let predicted = self.model.predict(features)?;
        for ((row, line), outputs) in
            rows.iter_mut().zip(lines).zip(predicted.chunks_exact(self.model.prediction_width()))
        {
            if let Some(value) = outputs.iter().find(|value| !value.is_finite()) {
                let what = format!("the model predicts {value} for {} line {line}", self.file);
                return Err(Refusal::new(what, "leave the row out, or train the model again").into());
            }
            (row.interval, row.is_crossed) = self.bounds.interval(outputs);
        }
        Ok(rows.len())
    }

    /// Says on standard error which columns are read neither by the model nor here.
    pub(super) fn say_ignored(&self) {
        self.rows.say_ignored(&self.read_here.iter().map(String::as_str).collect::<Vec<_>>());
    }

    /// Says on standard error which features were missing although training always knew them, if any.
    pub(super) fn say_missing(&self) {
        self.rows.say_missing();
    }
}

/// The name as one that is shared by its rows; `None` if there are too many.
fn named(names: &mut HashSet<Rc<str>>, name: &str) -> Option<Rc<str>> {
    if let Some(known) = names.get(name) {
        return Some(Rc::clone(known));
    }
    let new: Rc<str> = Rc::from(name);
    (names.len() < MOST_GROUPS && names.insert(Rc::clone(&new))).then_some(new)
}
