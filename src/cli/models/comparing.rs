//! `bellwether models compare NAME A B`, and what promotion shares with it.
use super::super::{Refusal, input, output};
use super::table::{aligned, number, or_dash};
use super::{COMMAND, Format, Place, holding, refused, validation};
use crate::http::models::registry::document::ComparisonDetails;
use bellwether_actors::registry::{LoadedModel, compare_models};
use bellwether_domain::ports::{ModelRegistry, RegistryError};
use bellwether_domain::registry::{Comparison, LossDifference, RegisteredModel, VersionNumber};
use std::path::{Path, PathBuf};

/// Compare two versions of a model on the same rows: pinball loss and coverage per quantile.
///
/// The standard error is that of the difference of mean losses, paired by row and with rows taken as independent; where
/// neighbouring rows depend on each other the true one is larger.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The model
    #[arg(value_name = "NAME")]
    name: String,
    /// A version
    #[arg(value_name = "A", value_parser = version_number)]
    version: VersionNumber,
    /// The version that it is compared with
    #[arg(value_name = "B", value_parser = version_number)]
    reference: VersionNumber,
    /// CSV file to judge them by, with the inputs and the target
    #[arg(long, value_name = "V.csv")]
    validation: PathBuf,
    /// Column that is predicted
    #[arg(long, value_name = "COL")]
    target: String,
    #[command(flatten)]
    place: Place,
}

/// A version's number.
pub(super) fn version_number(text: &str) -> Result<VersionNumber, String> {
    let number = text.strip_prefix('v').unwrap_or(text).parse().ok().filter(|number| *number > 0);
    number.map(VersionNumber).ok_or_else(|| "give a version's number, such as 2".to_owned())
}

pub(super) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let mut registry = holding(&arguments.place.data_dir, &arguments.name)?;
    let model = registry.model(&arguments.name).map_err(|error| refused(&error))?;
    let (version, reference) = (arguments.version, arguments.reference);
    let pair = (version, reference);
    let comparison = compared(&mut registry, &model, pair, &arguments.validation, &arguments.target)?;
    output::print(&match arguments.place.format {
        Format::Text => text(&model, pair, &comparison),
        Format::Json => {
            let comparison = ComparisonDetails::from(&comparison);
            let both = serde_json::json!({
                "name": model.name, "version": version, "reference": reference, "comparison": comparison,
            });
            serde_json::to_string_pretty(&both)? + "\n"
        }
    })
}

/// Both versions, verified and read, on the rows of a file.
///
/// # Errors
/// A [`Refusal`] that names the version, file or place.
pub(super) fn compared(
    registry: &mut dyn ModelRegistry,
    model: &RegisteredModel,
    (version, reference): (VersionNumber, VersionNumber),
    path: &Path,
    target: &str,
) -> Result<Comparison, Refusal> {
    let (version, reference) = (loaded(registry, model, version)?, loaded(registry, model, reference)?);
    let rows = validation::read(path, target, &version.trees, true)?;
    let reference_rows = validation::read(path, target, &reference.trees, false)?;
    compare_models((&version.trees, &rows), (&reference.trees, &reference_rows))
        .map_err(|error| input::advised(&error, COMMAND).at(path.display().to_string()))
}

fn loaded(
    registry: &mut dyn ModelRegistry,
    model: &RegisteredModel,
    number: VersionNumber,
) -> Result<LoadedModel, Refusal> {
    let unknown = || refused(&RegistryError::UnknownVersion { name: model.name.clone(), version: number });
    let version = model.version(number).ok_or_else(unknown)?;
    LoadedModel::load(registry, &model.name, version).map_err(|error| input::advised(&error, COMMAND))
}

/// A comparison for reading.
pub(super) fn text(
    model: &RegisteredModel,
    (version, reference): (VersionNumber, VersionNumber),
    comparison: &Comparison,
) -> String {
    let losses = |losses: LossDifference| {
        vec![
            number(losses.loss),
            number(losses.reference_loss),
            or_dash(losses.ratio.map(number)),
            number(losses.difference),
            or_dash(losses.standard_error.map(number)),
        ]
    };
    let mut rows: Vec<Vec<String>> = Vec::new();
    for one in &comparison.quantiles {
        let coverage = [one.coverage, one.reference_coverage].map(|coverage| format!("{coverage:.4}"));
        rows.push([vec![one.quantile.to_string()], losses(one.losses), coverage.into()].concat());
    }
    rows.push([vec!["mean".to_owned()], losses(comparison.mean)].concat());
    let of = |what: &str, number: VersionNumber| format!("{what} {number}");
    let (loss, reference_loss) = (of("loss", version), of("loss", reference));
    let (coverage, reference_coverage) = (of("coverage", version), of("coverage", reference));
    let header =
        ["quantile", &loss, &reference_loss, "ratio", "difference", "standard error", &coverage, &reference_coverage];
    let title = format!("{}: version {version} beside version {reference} on {} rows\n\n", model.name, comparison.rows);
    title + &aligned(&header, &rows, &[true; 8])
}
