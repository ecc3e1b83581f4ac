//! `bellwether settings show`: every setting in force, and where it is from.
use super::output;
use crate::settings::Layers;
use std::path::PathBuf;

/// Look at settings.
#[derive(Debug, clap::Args)]
#[command(arg_required_else_help = true, disable_help_subcommand = true)]
pub(super) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    Show(Show),
}

/// Print every setting in force with the place it comes from; secrets as ***.
///
/// Later layers win: built-in default, --config, environment (BELLWETHER__SECTION__KEY), flags of `serve`.
#[derive(Debug, clap::Args)]
struct Show {
    /// Settings file (TOML)
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// text is TOML with the place as a comment
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum Format {
    Text,
    Json,
}

pub(super) fn run(arguments: Arguments) -> anyhow::Result<()> {
    let Command::Show(Show { config, format }) = arguments.command;
    let mut layers = Layers::new().environment(std::env::vars_os());
    if let Some(path) = config {
        layers = layers.file(path);
    }
    let loaded = layers.load()?;
    let listed = loaded.provenance.list(&loaded.settings)?;
    let mut text = String::new();
    match format {
        Format::Text => listed.iter().for_each(|setting| text += &format!("{setting}\n")),
        Format::Json => text = serde_json::to_string_pretty(&serde_json::json!({ "settings": listed }))? + "\n",
    }
    output::print(&text)
}
