//! The objective and its own parameters.
use crate::tail::boosting::xgboost::cursor::Cursor;
use crate::tail::boosting::xgboost::error::FileError;
use crate::tail::boosting::xgboost::numbers::real_of_text;
use crate::tail::boosting::{Objective, ObjectiveParameter};
use std::collections::BTreeMap;

pub(super) fn read(at: &Cursor<'_>, outputs: usize) -> Result<Objective, FileError> {
    let name = at.field("name")?.text()?;
    if name == "reg:quantileerror" {
        let group = at.field("quantile_loss_param")?;
        let levels_at = group.field("quantile_alpha")?;
        let levels = list(&levels_at)?;
        if !levels.iter().all(|level| (0.0..=1.0).contains(level)) {
            return Err(levels_at.error("holds a level that is not between 0 and 1"));
        }
        if levels.len() != outputs {
            return Err(levels_at.error(format!("has {} levels for {outputs} outputs", levels.len())));
        }
        return Ok(Objective::Quantile { levels });
    }
    let mut parameters = BTreeMap::new();
    for (key, entry) in at.entries()?.into_iter().filter(|(key, _)| *key != "name") {
        let parameter = if entry.is_object() {
            let mut group = BTreeMap::new();
            for (key, value) in entry.entries()? {
                group.insert(key.to_owned(), value.text()?.to_owned());
            }
            ObjectiveParameter::Group(group)
        } else if entry.is_array() {
            ObjectiveParameter::Numbers(entry.reals()?)
        } else {
            ObjectiveParameter::Text(entry.text()?.to_owned())
        };
        parameters.insert(key.to_owned(), parameter);
    }
    Ok(Objective::Other { name: name.to_owned(), parameters })
}

/// Numbers in a text: `[5E-2,5E-1]`, `(0.05, 0.5)` or a bare one.
pub(super) fn list(at: &Cursor<'_>) -> Result<Vec<f32>, FileError> {
    let text = at.text()?.trim().trim_matches(['[', ']', '(', ')']);
    let entries = text.trim_end_matches([',', ' ']).split(',');
    let numbers: Option<Vec<f32>> = entries.map(|entry| real_of_text(entry.as_bytes().trim_ascii())).collect();
    numbers.ok_or_else(|| at.error("is no list of numbers"))
}
