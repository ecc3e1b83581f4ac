//! Rows to judge models by: a table with the model's inputs and the target.
use super::super::model_input::Rows;
use super::super::{Refusal, input, say};
use super::COMMAND;
use bellwether_actors::registry::ValidationRows;
use bellwether_models::tail::boosting::BoostedTrees;
use std::path::Path;

/// Numbers that are kept of a file at most: two models predict it in half a gigabyte.
const MOST_NUMBERS: usize = 20_000_000;

/// Reads a table as the model reads it, and says nothing about it.
///
/// # Errors
/// A [`Refusal`] that names the place.
pub(crate) fn validation_rows(path: &Path, target: &str, model: &BoostedTrees) -> Result<ValidationRows, Refusal> {
    read(path, target, model, false)
}

/// Reads a table as the model reads it. Rows without a target are left out, and said once if `is_first`.
///
/// # Errors
/// A [`Refusal`] that names the place.
pub(super) fn read(path: &Path, target: &str, model: &BoostedTrees, is_first: bool) -> Result<ValidationRows, Refusal> {
    let refused = |error| input::advised(&error, COMMAND);
    let mut table = input::open(path, "compare on its latest part", COMMAND)?;
    let column = table.column(target).map_err(refused)?;
    let mut reading = Rows::bind(&table, model, COMMAND)?;
    let width = model.parts().features.count.max(1) + model.outputs();
    let (mut rows, mut without_target) = (ValidationRows::default(), 0_usize);
    while let Some(row) = table.next_row().map_err(refused)? {
        let Some(y) = row.number(column).map_err(refused)? else {
            without_target += 1;
            continue;
        };
        if (rows.target.len() + 1).saturating_mul(width) > MOST_NUMBERS {
            let what = format!("{} has more than {} rows of {width} numbers", path.display(), rows.target.len());
            return Err(Refusal::new(what, "compare on its latest part"));
        }
        reading.take(row, &mut rows.features)?;
        rows.target.push(y);
    }
    if rows.target.is_empty() {
        let what = format!("{} has no row with a value of \"{target}\"", path.display());
        return Err(Refusal::new(what, "give a file whose target is known"));
    }
    if is_first && without_target > 0 {
        say(&format!("warning: {without_target} rows without a value of \"{target}\" are left out\n"));
    }
    if is_first {
        reading.say_missing();
    }
    Ok(rows)
}
