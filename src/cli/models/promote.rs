//! `bellwether models promote NAME VERSION`.
use super::super::output;
use super::comparing::{compared, text, version_number};
use super::{Format, Place, holding, refused, signed};
use crate::http::models::registry::document::ModelDetails;
use bellwether_domain::ports::{ModelRegistry as _, Promotion};
use bellwether_domain::registry::VersionNumber;
use std::path::PathBuf;

/// Make a version the champion, which answers requests.
///
/// The first champion needs nothing. Any other must have a mean pinball loss strictly below the champion's on the given
/// file, or a reason.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The model
    #[arg(value_name = "NAME")]
    name: String,
    /// The version
    #[arg(value_name = "VERSION", value_parser = version_number)]
    version: VersionNumber,
    /// CSV file to judge it by, with the inputs and the target
    #[arg(long, value_name = "V.csv", requires = "target")]
    validation: Option<PathBuf>,
    /// Column that is predicted
    #[arg(long, value_name = "COL", requires = "validation")]
    target: Option<String>,
    /// Why, for those who come after; promotes it whatever the comparison says
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
    #[command(flatten)]
    place: Place,
}

pub(super) fn run(arguments: Arguments) -> anyhow::Result<()> {
    let signed = signed(arguments.reason)?;
    let mut registry = holding(&arguments.place.data_dir, &arguments.name)?;
    let model = registry.model(&arguments.name).map_err(|error| refused(&error))?;
    let version = arguments.version;
    let comparison = match (&arguments.validation, &arguments.target, model.champion()) {
        (Some(path), Some(target), Some(champion)) if champion != version => {
            Some((champion, compared(&mut registry, &model, (version, champion), path, target)?))
        }
        _ => None,
    };
    let promotion = Promotion { version, signed, comparison: comparison.clone() };
    let promoted = registry.promote(&model.name, promotion).map_err(|error| refused(&error))?;
    output::print(&match arguments.place.format {
        Format::Text => {
            let table = comparison.map(|(champion, comparison)| text(&model, (version, champion), &comparison) + "\n");
            table.unwrap_or_default() + &format!("promoted {} version {version}\n", model.name)
        }
        Format::Json => serde_json::to_string_pretty(&ModelDetails::from(&promoted))? + "\n",
    })
}
