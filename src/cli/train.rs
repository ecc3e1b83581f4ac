//! `bellwether train`: models from files, one file per kind of model.
mod xgboost;

pub(crate) use xgboost::training_table;

/// Train a model from a file.
#[derive(Debug, clap::Args)]
#[command(arg_required_else_help = true, disable_help_subcommand = true)]
pub(super) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    Xgboost(Box<xgboost::Xgboost>),
}

pub(super) fn run(arguments: Arguments) -> anyhow::Result<()> {
    match arguments.command {
        Command::Xgboost(arguments) => arguments.run(),
    }
}
