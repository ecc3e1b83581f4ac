//! `bellwether bench`: how quick the program is on this machine.
mod latencies;
mod predict;

/// Measure how quick something is on this machine.
#[derive(Debug, clap::Args)]
#[command(arg_required_else_help = true, disable_help_subcommand = true)]
pub(super) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    Predict(predict::Predict),
}

pub(super) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    match &arguments.command {
        Command::Predict(arguments) => arguments.run(),
    }
}
