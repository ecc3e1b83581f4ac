//! `bellwether models show NAME`.
use super::super::output;
use super::table::{aligned, number, or_dash};
use super::{Format, Place, holding, refused};
use crate::http::models::registry::document::ModelDetails;
use bellwether_domain::ports::ModelRegistry as _;
use bellwether_domain::registry::{ModelEvent, ModelVersion, RegisteredModel};

/// Show a model's versions, and who did what with them, when and why.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The model
    #[arg(value_name = "NAME")]
    name: String,
    #[command(flatten)]
    place: Place,
}

pub(super) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let mut registry = holding(&arguments.place.data_dir, &arguments.name)?;
    let model = registry.model(&arguments.name).map_err(|error| refused(&error))?;
    output::print(&match arguments.place.format {
        Format::Text => text(&model),
        Format::Json => serde_json::to_string_pretty(&ModelDetails::from(&model))? + "\n",
    })
}

fn text(model: &RegisteredModel) -> String {
    let mut text = format!(
        "{}: champion {}, challenger {}\n\n",
        model.name,
        or_dash(model.champion()),
        or_dash(model.challenger())
    );
    let versions: Vec<_> = model.versions.iter().map(version).collect();
    let header =
        ["version", "sha256", "bytes", "quantiles", "inputs", "trained on", "rows", "pinball loss", "registered", "by"];
    text += &aligned(&header, &versions, &[true, false, true, false, true, false, true, true]);
    text.push('\n');
    let events: Vec<_> = model.history.iter().map(event).collect();
    text + &aligned(&["when", "by", "what", "version", "why"], &events, &[])
}

fn version(version: &ModelVersion) -> Vec<String> {
    let levels: Vec<String> = version.quantiles.iter().map(f64::to_string).collect();
    vec![
        version.number.to_string(),
        version.sha256.to_string()[..12].to_owned(),
        version.bytes.to_string(),
        levels.join(","),
        version.features.columns().len().to_string(),
        or_dash(version.training.as_ref().map(|data| data.file.clone())),
        or_dash(version.training.as_ref().map(|data| data.rows)),
        or_dash(version.validation.as_ref().map(|validation| number(validation.mean_pinball_loss))),
        format!("{:.19}Z", version.registered_at.to_string()),
        version.registered_by.clone(),
    ]
}

fn event(event: &ModelEvent) -> Vec<String> {
    let compared = event.comparison.as_ref().map(|comparison| {
        let (loss, reference) = (number(comparison.mean.loss), number(comparison.mean.reference_loss));
        format!("pinball loss {loss} below {reference} on {} rows", comparison.rows)
    });
    let why = [event.reason.clone(), compared].into_iter().flatten().collect::<Vec<_>>().join("; ");
    vec![
        format!("{:.19}Z", event.at.to_string()),
        event.by.clone(),
        event.action.as_str().replace('_', " "),
        event.version.to_string(),
        why,
    ]
}
