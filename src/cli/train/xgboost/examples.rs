//! Files of examples, read into tables.
use super::COMMAND;
use super::table::{Columns, Feature, Found, refused};
use crate::cli::Refusal;
use crate::cli::input::{self, Table};
use bellwether_models::tail::boosting::{Categories, Column, NumberColumn, TableError, TrainingTable};
use std::collections::{BTreeMap, HashMap};
use std::path::Path;

/// Cells of features beyond which training would take too much memory.
const MOST_CELLS: usize = 60_000_000;
/// What the format calls 64-bit integers.
const INTEGERS: u8 = 15;

/// A training table, and what is needed to read another one alike.
#[derive(Debug)]
pub(super) struct Examples {
    pub(super) table: TrainingTable,
    /// Codes by category, of each categorical feature by its name.
    codes: HashMap<String, HashMap<String, u32>>,
}

/// Values of a feature as they come.
#[derive(Debug)]
enum Values {
    Numbers(NumberColumn),
    /// Codes in the order of appearance, and the categories.
    Categories {
        codes: Vec<Option<u32>>,
        known: HashMap<String, u32>,
        is_fixed: bool,
    },
}

impl Examples {
    pub(super) fn read(path: &Path, columns: Columns<'_>) -> Result<Self, Refusal> {
        let (table, codes) = read(path, columns, &HashMap::new())?;
        check_something_to_learn(&table, columns.target, path)?;
        Ok(Self { table, codes })
    }

    /// Another file with the same columns and categories, to judge by.
    pub(super) fn read_alike(&mut self, path: &Path, columns: Columns<'_>) -> Result<TrainingTable, Refusal> {
        let names: Vec<&str> = self.table.columns().iter().map(Column::name).collect();
        let (table, _) = read_in_order(path, columns, &self.codes, Some(&names))?;
        Ok(table)
    }
}

/// Trees need rows that differ: a model of one value would pass for a trained one.
fn check_something_to_learn(table: &TrainingTable, target: &str, path: &Path) -> Result<(), Refusal> {
    let all = table.target();
    let what = match all {
        [_] => "the table has one row".to_owned(),
        [first, rest @ ..] if rest.iter().all(|value| value == first) => {
            format!("the target \"{target}\" is {first} in all {} rows", all.len())
        }
        _ => return Ok(()),
    };
    Err(Refusal::new(what, "give rows whose targets differ").at(path.display().to_string()))
}

/// A file to learn from, for whoever trains by itself: all columns but the target and `ignored` are features.
///
/// # Errors
/// A [`Refusal`] that names the place.
pub(crate) fn training_table(
    path: &Path,
    target: &str,
    categorical: &[String],
    ignored: &[String],
) -> Result<TrainingTable, Refusal> {
    let columns = Columns { target, weight: None, categorical, ignored };
    Examples::read(path, columns).map(|examples| examples.table)
}

type Codes = HashMap<String, HashMap<String, u32>>;

fn read(path: &Path, columns: Columns<'_>, codes: &Codes) -> Result<(TrainingTable, Codes), Refusal> {
    read_in_order(path, columns, codes, None)
}

/// Features come in the file's order, or in the order of `names`.
fn read_in_order(
    path: &Path,
    columns: Columns<'_>,
    codes: &Codes,
    names: Option<&[&str]>,
) -> Result<(TrainingTable, Codes), Refusal> {
    let mut source = input::open(path, "train with a part of it", COMMAND)?;
    let mut found = Found::find(&source, columns)?;
    if let Some(names) = names {
        found.features = in_order(&source, found.features, names)?;
    }
    let file = source.file().to_owned();
    let mut values: Vec<Values> = found.features.iter().map(|feature| Values::of(feature, codes)).collect();
    let (mut target, mut weights) = (Vec::new(), Vec::new());
    while let Some(row) = source.next_row().map_err(|error| refused(&error))? {
        if (target.len() + 1) * values.len() > MOST_CELLS {
            let what = format!("more than {MOST_CELLS} cells are too many");
            return Err(Refusal::new(what, "train with a part of the rows or columns").at(file));
        }
        target.push(found.target(row, &file)?);
        weights.extend(found.weight(row, &file)?);
        for (feature, values) in found.features.iter().zip(&mut values) {
            match values {
                Values::Numbers(column) => {
                    let number = feature.number(row, &file)?;
                    column.push(number).map_err(|error| unfit(&error, &file))?;
                }
                Values::Categories { codes, known, is_fixed: true } => codes.push(feature.code(row, known, &file)?),
                Values::Categories { codes, known, is_fixed: false } => {
                    codes.push(feature.category(row)?.map(|category| code(known, category)));
                }
            }
        }
    }
    finished(found, values, &target, weights).map_err(|error| unfit(&error, &file))
}

/// The table of all columns, and the codes of its categories.
fn finished(
    found: Found,
    values: Vec<Values>,
    target: &[f64],
    weights: Vec<f32>,
) -> Result<(TrainingTable, Codes), TableError> {
    let mut all = Codes::new();
    let mut columns = Vec::with_capacity(values.len());
    for (Feature { name, .. }, values) in found.features.into_iter().zip(values) {
        columns.push(match values {
            Values::Numbers(column) => column.finish()?,
            Values::Categories { codes, known, .. } => {
                let (order, categories) = sorted(&known);
                let codes: Vec<_> = codes.iter().map(|code| code.map(|code| order[code as usize])).collect();
                let known = known.into_iter().map(|(category, code)| (category, order[code as usize])).collect();
                all.insert(name.clone(), known);
                Column::categories(name, &codes, categories)?
            }
        });
    }
    let table = TrainingTable::new(columns, target)?;
    let table = if weights.is_empty() { table } else { table.with_weights(weights)? };
    Ok((table, all))
}

impl Values {
    fn of(feature: &Feature, codes: &Codes) -> Self {
        if !feature.is_categorical {
            return Self::Numbers(NumberColumn::new(feature.name.clone()));
        }
        match codes.get(&feature.name) {
            Some(known) => Self::Categories { codes: Vec::new(), known: known.clone(), is_fixed: true },
            None => Self::Categories { codes: Vec::new(), known: HashMap::new(), is_fixed: false },
        }
    }
}

/// The code of a category, which may be a new one.
fn code(known: &mut HashMap<String, u32>, category: &str) -> u32 {
    if let Some(code) = known.get(category) {
        return *code;
    }
    let code = u32::try_from(known.len()).unwrap_or(u32::MAX);
    known.insert(category.to_owned(), code);
    code
}

/// The features under the names of another table, in its order.
fn in_order(source: &Table, features: Vec<Feature>, names: &[&str]) -> Result<Vec<Feature>, Refusal> {
    let mut by_name: BTreeMap<String, Feature> =
        features.into_iter().map(|feature| (feature.name.clone(), feature)).collect();
    let taken = names.iter().map(|name| {
        by_name.remove(*name).ok_or_else(|| {
            let what = format!("{} has no column \"{name}\", which the training file has", source.file());
            Refusal::new(what, "give both files the same columns")
        })
    });
    let taken = taken.collect::<Result<Vec<_>, _>>()?;
    match by_name.into_keys().next() {
        None => Ok(taken),
        Some(name) => {
            let what = format!("{} has a column \"{name}\", which the training file lacks", source.file());
            Err(Refusal::new(what, "give both files the same columns, or name it in --ignore"))
        }
    }
}

/// Where each code goes when the categories are sorted, and the sorted categories: as numbers if they are whole ones.
fn sorted(known: &HashMap<String, u32>) -> (Vec<u32>, Categories) {
    let whole: Option<Vec<(i32, u32)>> =
        known.iter().map(|(category, code)| Some((canonical(category)?, *code))).collect();
    let mut order = vec![0; known.len()];
    if let Some(mut numbers) = whole {
        numbers.sort_unstable();
        (0..).zip(&numbers).for_each(|(place, (_, code))| order[*code as usize] = place);
        let values = numbers.into_iter().map(|(number, _)| f64::from(number)).collect();
        return (order, Categories::Numbers { kind: INTEGERS, values });
    }
    let mut names: Vec<(&String, u32)> = known.iter().map(|(category, code)| (category, *code)).collect();
    names.sort_unstable();
    (0..).zip(&names).for_each(|(place, (_, code))| order[*code as usize] = place);
    (order, Categories::Names(names.into_iter().map(|(name, _)| name.clone()).collect()))
}

/// A whole number that is written as numbers are.
fn canonical(category: &str) -> Option<i32> {
    category.parse().ok().filter(|number: &i32| number.to_string() == category)
}

fn unfit(error: &TableError, file: &str) -> Refusal {
    let hint = match error {
        TableError::NoRows => "give a file with rows below the header",
        TableError::FeatureBelowResolution { .. } => "subtract an offset from the column, such as its first value",
        TableError::TargetBelowResolution => "subtract an offset from the target, and add it to predictions",
        TableError::TooManyCategories { .. } => "it looks like an identifier: name it in --ignore",
        TableError::NoWeight => "give some rows a weight above 0",
        _ => "`bellwether train xgboost --help` shows what is possible",
    };
    Refusal::new(error.to_string(), hint).at(file)
}
