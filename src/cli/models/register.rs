//! `bellwether models register NAME --model M.ubj`.
use super::super::{Refusal, input, output};
use super::training_file::{check_inputs, training_fingerprint};
use super::{COMMAND, Format, Place, open, refused, signed, validation};
use crate::http::models::registry::document::VersionDetails;
use bellwether_actors::registry::{NotAModel, described, evaluate_model};
use bellwether_domain::ports::{ModelRegistry as _, NewVersion};
use bellwether_domain::registry::{ModelKind, ModelName};
use bellwether_models::tail::boosting::BoostedTrees;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

/// Bytes of a model file beyond which its reading would take too long or too much memory.
const MOST_BYTES: u64 = 128 << 20;
/// Longest value of a parameter that is kept, in characters.
const LONGEST_VALUE: usize = 1_000;

/// Register a version of a model; it becomes the challenger.
///
/// The file is XGBoost's own, JSON or UBJSON, trained for quantiles. It is kept under the SHA-256 of its bytes.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Name of the model: letters, digits, `-`, `_` or `.`
    #[arg(value_name = "NAME", value_parser = clap::value_parser!(ModelName))]
    name: ModelName,
    /// Model file in XGBoost's JSON or UBJSON
    #[arg(long, value_name = "M")]
    model: PathBuf,
    /// CSV file it was trained on: its fingerprint and a sample of 1,000 rows are kept
    #[arg(long, value_name = "TRAIN.csv", requires = "target")]
    data: Option<PathBuf>,
    /// Column that is predicted
    #[arg(long, value_name = "COL")]
    target: Option<String>,
    /// CSV file to judge it by: pinball loss and coverage are kept
    #[arg(long, value_name = "V.csv", requires = "target")]
    validation: Option<PathBuf>,
    /// Why, for those who come after
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
    /// Which sample is drawn
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed: u64,
    #[command(flatten)]
    place: Place,
}

pub(super) fn run(arguments: Arguments) -> anyhow::Result<()> {
    let signed = signed(arguments.reason.clone())?;
    let version = version(&arguments)?;
    let mut registry = open(&arguments.place.data_dir)?;
    let registered = registry.register(&arguments.name, version, signed).map_err(|error| refused(&error))?;
    output::print(&match arguments.place.format {
        Format::Text => {
            format!("registered {} version {} ({})\n", arguments.name, registered.number, registered.sha256)
        }
        Format::Json => serde_json::to_string_pretty(&VersionDetails::from(&registered))? + "\n",
    })
}

fn version(arguments: &Arguments) -> Result<NewVersion, Refusal> {
    let path = &arguments.model;
    let file = read(path)?;
    let (trees, quantiles, features) = described(&file).map_err(|error| no_model(&error, path))?;
    let target = arguments.target.as_deref().unwrap_or_default();
    let training = match &arguments.data {
        Some(path) => {
            let (data, sample) = training_fingerprint(path, target, arguments.seed)?;
            check_inputs(path, &data.columns, &features)?;
            Some((data, sample))
        }
        None => None,
    };
    let validation = match &arguments.validation {
        Some(path) => {
            let rows = validation::read(path, target, &trees, true)?;
            let judged = evaluate_model(&trees, &rows);
            Some(judged.map_err(|error| input::advised(&error, COMMAND).at(path.display().to_string()))?)
        }
        None => None,
    };
    let (training, sample) = training.unzip();
    let parameters = parameters(&trees);
    let kind = ModelKind::QuantileBoosting;
    Ok(NewVersion { kind, file, quantiles, features, training, sample, parameters, validation })
}

/// What the file says of its training.
fn parameters(trees: &BoostedTrees) -> BTreeMap<String, String> {
    let parts = trees.parts();
    let mut all: BTreeMap<String, String> = parts
        .attributes
        .iter()
        .map(|(name, value)| (name.clone(), value.chars().take(LONGEST_VALUE).collect()))
        .collect();
    all.insert("objective".to_owned(), parts.objective.name().to_owned());
    all.insert("rounds".to_owned(), parts.round_starts.len().saturating_sub(1).to_string());
    all.insert("trees".to_owned(), parts.trees.len().to_string());
    if let Some(best) = parts.best_round {
        all.insert("best_round".to_owned(), best.to_string());
    }
    all
}

fn read(path: &Path) -> Result<Vec<u8>, Refusal> {
    let name = path.display().to_string();
    let mut bytes = Vec::new();
    let read = File::open(path).and_then(|file| file.take(MOST_BYTES + 1).read_to_end(&mut bytes));
    read.map_err(|error| Refusal::new(format!("{name} cannot be read: {error}"), "give the path of a model file"))?;
    if bytes.len() as u64 > MOST_BYTES {
        let what = format!("{name} is larger than {} MiB", MOST_BYTES >> 20);
        return Err(Refusal::new(what, "train with fewer rounds or a smaller depth"));
    }
    Ok(bytes)
}

fn no_model(error: &NotAModel, path: &Path) -> Refusal {
    input::advised(error, COMMAND).at(path.display().to_string())
}
