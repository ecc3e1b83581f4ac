//! From the columns of a table to the rows a model reads.
use crate::cli::input::Table;
use crate::cli::{Refusal, input, say};
use bellwether_adapters::csv::{Column, Row};
use bellwether_models::tail::boosting::{BoostedTrees, Categories, FeatureKind, Node};
use std::collections::HashMap;

/// Values of one block of rows, at most.
const BLOCK_VALUES: usize = 1 << 19;
/// Rows of one block, at most.
const BLOCK_ROWS: usize = 2048;
/// Columns that a message names.
const NAMED: usize = 8;

/// Reads a table's rows as a model's features: f32, NaN for missing, categories as their codes.
#[derive(Debug)]
pub(in crate::cli) struct Rows {
    command: &'static str,
    /// What messages call the table.
    file: String,
    features: Vec<Feature>,
    /// Columns of the table that no feature reads.
    ignored: Vec<String>,
}

#[derive(Debug)]
struct Feature {
    name: String,
    column: Column,
    reading: Reading,
    /// Training never saw it missing, as far as the trees tell.
    always_known: bool,
    /// It was missing here.
    was_missing: bool,
}

/// How a cell becomes a number.
#[derive(Debug)]
enum Reading {
    Number,
    Code,
    Name(HashMap<String, f32>),
    /// By the bits of the number.
    Listed(HashMap<u64, f32>),
}

impl Rows {
    /// Finds the model's features among the table's columns; `command` is the one whose help shows what is possible.
    ///
    /// # Errors
    /// A [`Refusal`] that names the columns that are missing or ambiguous.
    pub(in crate::cli) fn bind(table: &Table, model: &BoostedTrees, command: &'static str) -> Result<Self, Refusal> {
        let features = &model.parts().features;
        let columns = find(table, &features.names, features.count, command)?;
        let known = always_known(model);
        let mut used = vec![false; table.columns().len()];
        let mut bound = Vec::with_capacity(features.count);
        for (index, at) in columns.into_iter().enumerate() {
            used[at] = true;
            let Some(column) = table.nth(at) else { continue };
            let kind = features.kinds.get(index).copied();
            bound.push(Feature {
                name: features.names.get(index).unwrap_or(&table.columns()[at]).clone(),
                column,
                reading: Reading::of(kind, features.categories.get(index).and_then(Option::as_ref)),
                always_known: known[index],
                was_missing: false,
            });
        }
        let ignored = table.columns().iter().zip(&used).filter(|(_, used)| !**used);
        let ignored = ignored.map(|(name, _)| name.clone()).collect();
        Ok(Self { command, file: table.file().to_owned(), features: bound, ignored })
    }

    /// The features' names, or those of the columns that stand for them, in the model's order.
    pub(in crate::cli) fn names(&self) -> impl Iterator<Item = &str> {
        self.features.iter().map(|feature| feature.name.as_str())
    }

    /// The features' cells of a row, as they stand in the file.
    ///
    /// # Errors
    /// A [`Refusal`] that names line and column of a cell that is no text.
    pub(in crate::cli) fn cells<'r>(&self, row: Row<'r>) -> Result<Vec<&'r str>, Refusal> {
        let cells = self.features.iter().map(|feature| row.text(feature.column));
        cells.collect::<Result<_, _>>().map_err(|error| input::advised(&error, self.command))
    }

    /// Names of the columns that no feature reads, in the table's order.
    pub(in crate::cli) fn ignored(&self) -> &[String] {
        &self.ignored
    }

    /// Says on standard error which columns are ignored, if any but those `expected` to be.
    pub(in crate::cli) fn say_ignored(&self, expected: &[&str]) {
        let unread: Vec<&str> =
            self.ignored().iter().map(String::as_str).filter(|name| !expected.contains(name)).collect();
        if !unread.is_empty() {
            let columns = if unread.len() == 1 { "column" } else { "columns" };
            say(&format!("warning: the model does not read {columns} {}\n", listed(&unread)));
        }
    }

    /// Says on standard error which features were missing although training always knew them, if any.
    pub(in crate::cli) fn say_missing(&self) {
        let missing = self.features.iter().filter(|feature| feature.was_missing);
        let missing: Vec<&str> = missing.map(|feature| feature.name.as_str()).collect();
        if !missing.is_empty() {
            say(&format!(
                "warning: values of {} are missing; as far as the trees tell they never were in training\n",
                listed(&missing)
            ));
        }
    }

    /// Rows that a block holds, at most.
    pub(in crate::cli) fn block(&self) -> usize {
        (BLOCK_VALUES / self.features.len().max(1)).clamp(1, BLOCK_ROWS)
    }

    /// Reads up to a block of rows into `values` (rows x features); gives their number, 0 behind the last.
    ///
    /// # Errors
    /// A [`Refusal`] that names line, column and cell.
    pub(in crate::cli) fn next_block(&mut self, table: &mut Table, values: &mut Vec<f32>) -> Result<usize, Refusal> {
        values.clear();
        let mut rows = 0;
        while rows < self.block() {
            let Some(row) = table.next_row().map_err(|error| input::advised(&error, self.command))? else { break };
            self.take(row, values)?;
            rows += 1;
        }
        Ok(rows)
    }

    /// Adds the features of one row to `values`.
    ///
    /// # Errors
    /// A [`Refusal`] that names line, column and cell.
    pub(in crate::cli) fn take(&mut self, row: Row<'_>, values: &mut Vec<f32>) -> Result<(), Refusal> {
        for feature in &mut self.features {
            let value = feature.read(row, &self.file, self.command)?;
            feature.was_missing |= feature.always_known && value.is_nan();
            values.push(value);
        }
        Ok(())
    }
}

impl Feature {
    #[expect(clippy::cast_possible_truncation, reason = "features are f32, rounded once, here")]
    fn read(&self, row: Row<'_>, file: &str, command: &str) -> Result<f32, Refusal> {
        let refused = |error| input::advised(&error, command);
        let number = || row.number_or_infinity(self.column).map_err(refused);
        match &self.reading {
            Reading::Number => Ok(number()?.map_or(f32::NAN, |value| value as f32)),
            Reading::Code => match number() {
                Ok(None) => Ok(f32::NAN),
                Ok(Some(code)) if code >= 0.0 && code.fract() == 0.0 && code < 16_777_216.0 => Ok(code as f32),
                Ok(Some(code)) => {
                    Err(self.unknown(file, row, &code.to_string(), "give the code of a category, 0 or above"))
                }
                Err(_) => {
                    let cell = row.text(self.column).map_err(refused)?;
                    let hint = "the model file has no names of its categories: give their codes, 0 or above";
                    Err(self.unknown(file, row, cell, hint))
                }
            },
            Reading::Name(codes) => {
                let cell = row.text(self.column).map_err(refused)?;
                if let Some(code) = codes.get(cell).or_else(|| codes.get(cell.trim())) {
                    return Ok(*code);
                }
                match number() {
                    Ok(None) => Ok(f32::NAN),
                    _ => Err(self.unknown(
                        file,
                        row,
                        cell,
                        "give a category the model was trained with, or leave it empty",
                    )),
                }
            }
            Reading::Listed(codes) => match number()? {
                None => Ok(f32::NAN),
                Some(value) => codes.get(&bits(value)).copied().ok_or_else(|| {
                    let hint = "give a category the model was trained with, or leave it empty";
                    self.unknown(file, row, &value.to_string(), hint)
                }),
            },
        }
    }

    fn unknown(&self, file: &str, row: Row<'_>, cell: &str, hint: &str) -> Refusal {
        let cell: String = cell.chars().take(60).collect();
        let place = format!("{file} line {}, column \"{}\"", row.line(), self.name);
        Refusal::new(format!("{place} is \"{cell}\", an unknown category"), hint)
    }
}

impl Reading {
    #[expect(clippy::cast_precision_loss, reason = "a code is below 2^24")]
    fn of(kind: Option<FeatureKind>, categories: Option<&Categories>) -> Self {
        match (categories, kind) {
            (Some(Categories::Names(names)), _) => {
                let codes = names.iter().enumerate();
                Self::Name(codes.map(|(code, name)| (name.clone(), code as f32)).collect())
            }
            (Some(Categories::Numbers { values, .. }), _) => {
                Self::Listed(values.iter().enumerate().map(|(code, value)| (bits(*value), code as f32)).collect())
            }
            (None, Some(FeatureKind::Categorical)) => Self::Code,
            (None, _) => Self::Number,
        }
    }
}

/// The bits of a number, the same for 0 and -0.
fn bits(number: f64) -> u64 {
    (number + 0.0).to_bits()
}

/// The table's column of each feature.
fn find(table: &Table, names: &[String], count: usize, command: &str) -> Result<Vec<usize>, Refusal> {
    let columns = table.columns();
    let mut places: HashMap<&str, usize> = HashMap::with_capacity(columns.len());
    for (index, name) in columns.iter().enumerate() {
        places.entry(name).or_insert(index);
    }
    let numbered: Vec<String>;
    let names = if names.is_empty() {
        if count > columns.len() {
            let what = format!("{} has {} columns, but the model reads {count}", table.file(), columns.len());
            return Err(Refusal::new(what, "the model has no feature names: give its columns in their order"));
        }
        numbered = (0..count).map(|index| format!("f{index}")).collect();
        if !numbered.iter().all(|name| places.contains_key(name.as_str())) {
            if count == columns.len() {
                return Ok((0..count).collect());
            }
            let what = format!("{} has {} columns, but the model reads {count}", table.file(), columns.len());
            let hint = "the model has no feature names: call the columns f0, f1, ..., or give just them in their order";
            return Err(Refusal::new(what, hint));
        }
        &numbered
    } else {
        names
    };
    let missing: Vec<&str> =
        names.iter().map(String::as_str).filter(|name| !places.contains_key(name.trim())).collect();
    if !missing.is_empty() {
        let columns = if missing.len() == 1 { "column" } else { "columns" };
        let what = format!("{} lacks {columns} {} of the model", table.file(), listed(&missing));
        return Err(Refusal::new(what, "add or rename them; a cell may stay empty where the value is missing"));
    }
    let mut found = Vec::with_capacity(names.len());
    for name in names {
        let name = name.trim();
        table.find(name).map_err(|error| input::advised(&error, command))?;
        found.extend(places.get(name));
    }
    Ok(found)
}

/// Names in quotes, the first few of many.
fn listed(names: &[&str]) -> String {
    let mut text = names.iter().take(NAMED).map(|name| format!("\"{name}\"")).collect::<Vec<_>>().join(", ");
    if names.len() > NAMED {
        text += &format!(" and {} more", names.len() - NAMED);
    }
    text
}

/// Whether each feature is split on, and never with the missing values sent left: training without missing values
/// leaves just that.
fn always_known(model: &BoostedTrees) -> Vec<bool> {
    let mut split = vec![false; model.parts().features.count];
    let mut missing = split.clone();
    for node in model.trees_in_use().iter().flat_map(|tree| tree.nodes()) {
        if let Node::Inner { feature, default_left, .. } = node {
            split[*feature as usize] = true;
            missing[*feature as usize] |= default_left;
        }
    }
    split.into_iter().zip(missing).map(|(split, missing)| split && !missing).collect()
}
