//! What a model was trained on: a fingerprint of the file, and a sample of its rows.
use super::super::{Refusal, input};
use super::COMMAND;
use bellwether_adapters::csv::{Column, Row};
use bellwether_domain::registry::{ContentHash, FeatureSchema, TrainingData, reservoir};
use sha2::{Digest, Sha256};
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

/// Rows of the sample.
const SAMPLE: usize = 1_000;

/// The fingerprint of a training file, and the sample of `seed` that it names, as CSV.
///
/// # Errors
/// A [`Refusal`] that names the place.
pub(crate) fn training_fingerprint(path: &Path, target: &str, seed: u64) -> Result<(TrainingData, Vec<u8>), Refusal> {
    let table = open(path)?;
    table.column(target).map_err(|error| refused(&error))?;
    let (columns, rows) = (table.columns().to_vec(), count(table)?);
    let sample = sampled(path, &reservoir(rows, SAMPLE, seed))?;
    let file = path.file_name().map_or_else(|| path.display().to_string(), |name| name.to_string_lossy().into_owned());
    let (sha256, target, sample_hash) = (hash(path)?, target.to_owned(), ContentHash::of(&sample));
    Ok((TrainingData { file, sha256, rows, columns, target, sample: sample_hash }, sample))
}

/// Whether the file has the model's inputs.
///
/// # Errors
/// A [`Refusal`] that names the first that is missing.
pub(super) fn check_inputs(path: &Path, columns: &[String], inputs: &FeatureSchema) -> Result<(), Refusal> {
    let is_named = |name: &str| {
        // A model without names takes the columns in their order.
        !name.strip_prefix('f').is_some_and(|number| number.bytes().all(|byte| byte.is_ascii_digit()))
    };
    let mut names = inputs.columns().iter().map(|input| input.name.as_str());
    match names.find(|name| is_named(name) && !columns.iter().any(|column| column == name)) {
        None => Ok(()),
        Some(missing) => {
            let what = format!("{} lacks column \"{missing}\", an input of the model", path.display());
            Err(Refusal::new(what, "give the file that the model was trained on"))
        }
    }
}

fn open(path: &Path) -> Result<input::Table, Refusal> {
    input::open(path, "register without --data, or with a part of it", COMMAND)
}

fn refused(error: &bellwether_adapters::csv::CsvError) -> Refusal {
    input::advised(error, COMMAND)
}

fn count(mut table: input::Table) -> Result<u64, Refusal> {
    let mut rows = 0;
    while table.next_row().map_err(|error| refused(&error))?.is_some() {
        rows += 1;
    }
    Ok(rows)
}

/// The header and the rows at these positions (ascending), as CSV.
fn sampled(path: &Path, positions: &[u64]) -> Result<Vec<u8>, Refusal> {
    let mut table = open(path)?;
    let columns: Vec<Column> = (0..table.columns().len()).filter_map(|index| table.nth(index)).collect();
    let mut text = line(table.columns().iter().map(String::as_str));
    let mut wanted = positions.iter().peekable();
    for position in 0_u64.. {
        let Some(row) = table.next_row().map_err(|error| refused(&error))? else { break };
        match wanted.peek() {
            None => break,
            Some(next) if **next == position => {
                text += &line(cells(row, &columns)?.into_iter());
                wanted.next();
            }
            Some(_) => {}
        }
    }
    Ok(text.into_bytes())
}

fn cells<'a>(row: Row<'a>, columns: &[Column]) -> Result<Vec<&'a str>, Refusal> {
    columns.iter().map(|column| row.text(*column).map_err(|error| refused(&error))).collect()
}

fn line<'a>(cells: impl Iterator<Item = &'a str>) -> String {
    let quoted = |cell: &str| match cell.contains([',', '"', '\n', '\r']) || cell.is_empty() {
        true => format!("\"{}\"", cell.replace('"', "\"\"")),
        false => cell.to_owned(),
    };
    cells.map(quoted).collect::<Vec<_>>().join(",") + "\n"
}

fn hash(path: &Path) -> Result<ContentHash, Refusal> {
    let failed = |error: io::Error| {
        Refusal::new(format!("{} cannot be read: {error}", path.display()), "give a file that can be read")
    };
    let mut file = File::open(path).map_err(failed)?;
    let (mut hasher, mut buffer) = (Sha256::new(), vec![0; 1 << 16]);
    loop {
        match file.read(&mut buffer).map_err(failed)? {
            0 => return Ok(ContentHash::from_bytes(hasher.finalize().into())),
            got => hasher.update(&buffer[..got]),
        }
    }
}
