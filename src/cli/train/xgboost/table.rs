//! Which columns of a file are what, and its cells.
use super::COMMAND;
use crate::cli::Refusal;
use crate::cli::input::{self, Table};
use bellwether_adapters::csv::{Column, CsvError, Row};
use std::collections::HashMap;

/// Characters that the Python package takes in no name.
const FORBIDDEN: [char; 3] = ['[', ']', '<'];
/// Features beyond which histograms would take too much memory.
const MOST_FEATURES: usize = 8192;
/// Longest part of a cell that a message repeats, in characters.
const SHOWN: usize = 60;
/// Targets, features and weights beyond these sizes are refused by training.
const LARGEST_TARGET: f64 = 1e37;
const LARGEST_FEATURE: f64 = 1e38;
const LARGEST_WEIGHT: f64 = 1e30;

/// What is asked for, by name.
#[derive(Debug, Clone, Copy)]
pub(super) struct Columns<'a> {
    pub(super) target: &'a str,
    pub(super) weight: Option<&'a str>,
    pub(super) categorical: &'a [String],
    pub(super) ignored: &'a [String],
}

/// A feature of a file.
#[derive(Debug, Clone)]
pub(super) struct Feature {
    pub(super) name: String,
    pub(super) column: Column,
    pub(super) is_categorical: bool,
}

/// The columns of one file.
#[derive(Debug)]
pub(super) struct Found {
    target: Column,
    weight: Option<Column>,
    pub(super) features: Vec<Feature>,
}

impl Found {
    /// Finds them in a table: all that have no other part are features.
    pub(super) fn find(table: &Table, wanted: Columns<'_>) -> Result<Self, Refusal> {
        let column = |name: &str| table.column(name).map_err(|error| refused(&error));
        let (target, weight) = (column(wanted.target)?, wanted.weight.map(column).transpose()?);
        wanted.categorical.iter().chain(wanted.ignored).try_for_each(|name| column(name).map(drop))?;
        let mut features = Vec::new();
        for (index, name) in table.columns().iter().enumerate() {
            let has_other_part = name == wanted.target || wanted.weight == Some(name) || wanted.ignored.contains(name);
            if let Some(nth) = table.nth(index).filter(|_| !has_other_part) {
                check_name(name, index, table)?;
                column(name)?;
                let is_categorical = wanted.categorical.contains(name);
                features.push(Feature { name: name.clone(), column: nth, is_categorical });
            }
        }
        if let Some(name) = wanted.categorical.iter().find(|name| !features.iter().any(|one| one.name == **name)) {
            let what = format!("column \"{name}\" is no feature, and so holds no categories");
            return Err(Refusal::new(what, "leave it out of --categorical").at(table.file()));
        }
        if features.is_empty() {
            return Err(
                Refusal::new("no column is left for a feature", "give a file with more columns").at(table.file())
            );
        }
        if features.len() > MOST_FEATURES {
            let what = format!("{} columns are more than the {MOST_FEATURES} features of a model", features.len());
            return Err(Refusal::new(what, "leave columns out with --ignore, or out of the file").at(table.file()));
        }
        Ok(Self { target, weight, features })
    }

    /// The target of a row.
    pub(super) fn target(&self, row: Row<'_>, file: &str) -> Result<f64, Refusal> {
        let value = row.number(self.target).map_err(|error| refused(&error))?;
        match value.ok_or_else(|| refused(&row.empty(self.target)))? {
            value if value.abs() > LARGEST_TARGET => {
                let what = format!("the target is {value:e}, beyond what a 32-bit model holds");
                Err(Refusal::new(what, "change its unit so that it stays within 1e37").at(place(file, row)))
            }
            value => Ok(value),
        }
    }

    /// The weight of a row, if there is a column of them.
    #[expect(clippy::cast_possible_truncation, reason = "weights are f32")]
    pub(super) fn weight(&self, row: Row<'_>, file: &str) -> Result<Option<f32>, Refusal> {
        let Some(column) = self.weight else { return Ok(None) };
        let value = row.number(column).map_err(|error| refused(&error))?;
        match value.ok_or_else(|| refused(&row.empty(column)))? {
            value if !(0.0..=LARGEST_WEIGHT).contains(&value) => {
                let what = format!("the weight is {value:e}");
                Err(Refusal::new(what, "give weights between 0 and 1e30").at(place(file, row)))
            }
            value => Ok(Some(value as f32)),
        }
    }
}

impl Feature {
    /// The cell as a number.
    pub(super) fn number(&self, row: Row<'_>, file: &str) -> Result<Option<f64>, Refusal> {
        match row.number(self.column) {
            Ok(Some(value)) if value.abs() > LARGEST_FEATURE => {
                let what = format!("column \"{}\" is {value:e}, beyond what a 32-bit model compares", self.name);
                Err(Refusal::new(what, "change its unit so that it stays within 1e38").at(place(file, row)))
            }
            Ok(value) => Ok(value),
            Err(CsvError::NotANumber { cell, .. }) => {
                let what = format!("column \"{}\" is \"{cell}\", which is no number", self.name);
                let hint = "name the column in --categorical if it holds categories, or in --ignore";
                Err(Refusal::new(what, hint).at(place(file, row)))
            }
            Err(error) => Err(refused(&error)),
        }
    }

    /// The cell as a category; `None` if it is missing.
    pub(super) fn category<'a>(&self, row: Row<'a>) -> Result<Option<&'a str>, Refusal> {
        let cell = row.text(self.column).map_err(|error| refused(&error))?.trim();
        Ok(Some(cell).filter(|cell| !matches!(*cell, "" | "NaN" | "nan" | "NA")))
    }

    /// The code of a known category.
    pub(super) fn code(&self, row: Row<'_>, known: &HashMap<String, u32>, file: &str) -> Result<Option<u32>, Refusal> {
        let Some(cell) = self.category(row)? else { return Ok(None) };
        known.get(cell).copied().map(Some).ok_or_else(|| {
            let cell: String = cell.chars().take(SHOWN).collect();
            let what = format!("column \"{}\" is \"{cell}\", a category that training does not know", self.name);
            Refusal::new(what, "add rows of this category to the training file, or leave the cell empty")
                .at(place(file, row))
        })
    }
}

/// Names that the Python package would not load are refused here.
fn check_name(name: &str, index: usize, table: &Table) -> Result<(), Refusal> {
    let place = || format!("{} line 1, column {}", table.file(), index + 1);
    if name.is_empty() {
        return Err(Refusal::new("a column has no name", "name it, or remove it").at(place()));
    }
    if name.contains(FORBIDDEN) {
        let what = format!("column \"{name}\" has [, ] or < in its name, which XGBoost's models forbid");
        return Err(Refusal::new(what, "rename the column").at(place()));
    }
    Ok(())
}

pub(super) fn place(file: &str, row: Row<'_>) -> String {
    format!("{file} line {}", row.line())
}

pub(super) fn refused(error: &CsvError) -> Refusal {
    input::advised(error, COMMAND)
}
