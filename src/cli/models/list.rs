//! `bellwether models list`.
use super::super::output;
use super::table::{aligned, or_dash};
use super::{Format, Place, existing, refused};
use crate::http::models::registry::document::RegisteredSummary;
use bellwether_domain::ports::ModelRegistry as _;
use bellwether_domain::registry::RegisteredModel;

/// List the registered models with their champions.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    place: Place,
}

pub(super) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let models = match existing(&arguments.place.data_dir)? {
        Some(mut registry) => registry.models().map_err(|error| refused(&error))?,
        None => Vec::new(),
    };
    output::print(&match arguments.place.format {
        Format::Text => text(&models),
        Format::Json => {
            // Which version is in force is the server's to say.
            let listed: Vec<_> = models.iter().map(RegisteredSummary::from).collect();
            let mut listed = serde_json::json!({ "registered": listed });
            for model in listed["registered"].as_array_mut().into_iter().flatten() {
                if let Some(fields) = model.as_object_mut() {
                    fields.remove("in_force");
                    fields.remove("fault");
                }
            }
            serde_json::to_string_pretty(&listed)? + "\n"
        }
    })
}

fn text(models: &[RegisteredModel]) -> String {
    let row = |model: &RegisteredModel| {
        vec![
            model.name.to_string(),
            or_dash(model.champion()),
            or_dash(model.challenger()),
            model.versions.len().to_string(),
            or_dash(model.history.last().map(|event| format!("{:.19}Z", event.at.to_string()))),
        ]
    };
    let header = ["name", "champion", "challenger", "versions", "last change"];
    aligned(&header, &models.iter().map(row).collect::<Vec<_>>(), &[false, true, true, true, false])
}
