//! `bellwether detect`: what is unusual in a column of a file, one file per detector.
mod bocpd;
mod picture;
mod series;
#[cfg(test)]
mod tests;

/// Find what is unusual in a column.
#[derive(Debug, clap::Args)]
#[command(arg_required_else_help = true, disable_help_subcommand = true)]
pub(super) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    Bocpd(bocpd::Bocpd),
}

pub(super) fn run(arguments: Arguments) -> anyhow::Result<()> {
    match arguments.command {
        Command::Bocpd(arguments) => arguments.run(),
    }
}
