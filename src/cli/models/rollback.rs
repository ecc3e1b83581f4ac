//! `bellwether models rollback NAME`.
use super::super::output;
use super::comparing::version_number;
use super::{Format, Place, holding, refused, signed};
use crate::http::models::registry::document::ModelDetails;
use bellwether_domain::ports::ModelRegistry as _;
use bellwether_domain::registry::VersionNumber;

/// Make a former champion the champion again.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The model
    #[arg(value_name = "NAME")]
    name: String,
    /// Which former champion [default: the one before the present one]
    #[arg(long, value_name = "VERSION", value_parser = version_number)]
    to: Option<VersionNumber>,
    /// Why, for those who come after
    #[arg(long, value_name = "TEXT")]
    reason: String,
    #[command(flatten)]
    place: Place,
}

pub(super) fn run(arguments: Arguments) -> anyhow::Result<()> {
    let signed = signed(Some(arguments.reason))?;
    let mut registry = holding(&arguments.place.data_dir, &arguments.name)?;
    let name = registry.model(&arguments.name).map_err(|error| refused(&error))?.name;
    let model = registry.rollback(&name, arguments.to, signed).map_err(|error| refused(&error))?;
    let champion = model.champion().map_or(0, |version| version.0);
    output::print(&match arguments.place.format {
        Format::Text => format!("rolled {name} back to version {champion}\n"),
        Format::Json => serde_json::to_string_pretty(&ModelDetails::from(&model))? + "\n",
    })
}
