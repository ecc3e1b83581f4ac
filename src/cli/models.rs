//! `bellwether models`: the registry of trained models, whether a server runs on the same data or not.
mod comparing;
mod list;
mod promote;
mod register;
mod rollback;
mod show;
mod table;
#[cfg(test)]
mod tests;
mod training_file;
mod user;
mod validation;

pub(crate) use training_file::training_fingerprint;
pub(crate) use validation::validation_rows;

use super::Refusal;
use bellwether_adapters::model_registry::LocalModelRegistry;
use bellwether_domain::ports::{RegistryError, Signed};
use bellwether_domain::registry::PromotionRefused;
use bellwether_domain::types::Timestamp;
use std::path::{Path, PathBuf};

/// As it is typed.
const COMMAND: &str = "bellwether models";
/// Longest reason, in bytes.
const LONGEST_REASON: usize = 1_000;

const AFTER_HELP: &str = "\
Example, a first version and a better one:
  bellwether models register tail-slo --model m1.ubj --data train.csv --target latency_ms
  bellwether models promote tail-slo 1
  bellwether models register tail-slo --model m2.ubj --data train2.csv --target latency_ms
  bellwether models compare tail-slo 2 1 --validation recent.csv --target latency_ms
  bellwether models promote tail-slo 2 --validation recent.csv --target latency_ms

A running server on the same --data-dir takes the champion over within a second. Each file is
kept under the SHA-256 of its bytes, which is verified before it is read.";

/// Keep trained models: register versions, compare them, promote one, roll back.
#[derive(Debug, clap::Args)]
#[command(arg_required_else_help = true, disable_help_subcommand = true, after_help = AFTER_HELP)]
pub(super) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    List(list::Arguments),
    Show(show::Arguments),
    Register(register::Arguments),
    Promote(promote::Arguments),
    Rollback(rollback::Arguments),
    Compare(comparing::Arguments),
}

/// What every subcommand is told.
#[derive(Debug, clap::Args)]
struct Place {
    /// Data directory, as `bellwether serve` is given
    #[arg(long, value_name = "DIR", default_value = "data")]
    data_dir: PathBuf,
    /// text is for reading, json for programs
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    Text,
    Json,
}

pub(super) fn run(arguments: Arguments) -> anyhow::Result<()> {
    match arguments.command {
        Command::List(arguments) => list::run(&arguments),
        Command::Show(arguments) => show::run(&arguments),
        Command::Register(arguments) => register::run(arguments),
        Command::Promote(arguments) => promote::run(arguments),
        Command::Rollback(arguments) => rollback::run(arguments),
        Command::Compare(arguments) => comparing::run(&arguments),
    }
}

/// The registry of a data directory that has one; nothing is made.
fn existing(data_dir: &Path) -> Result<Option<LocalModelRegistry>, Refusal> {
    if !data_dir.is_dir() {
        let what = format!("there is no data directory {}", data_dir.display());
        return Err(Refusal::new(what, "give the folder that `bellwether serve` uses by --data-dir"));
    }
    if LocalModelRegistry::is_there(data_dir) { open(data_dir).map(Some) } else { Ok(None) }
}

fn open(data_dir: &Path) -> Result<LocalModelRegistry, Refusal> {
    LocalModelRegistry::open(data_dir).map_err(|error| refused(&error))
}

/// The registry of a data directory in which the model of that name must be.
fn holding(data_dir: &Path, name: &str) -> Result<LocalModelRegistry, Refusal> {
    existing(data_dir)?.ok_or_else(|| refused(&RegistryError::UnknownModel { name: name.to_owned() }))
}

/// Who calls, now.
fn signed(reason: Option<String>) -> Result<Signed, Refusal> {
    if reason.as_ref().is_some_and(|reason| reason.trim().is_empty() || reason.len() > LONGEST_REASON) {
        let hint = format!("give 1 to {LONGEST_REASON} bytes of text, for those who come after");
        return Err(Refusal::new("the reason is empty or too long", hint));
    }
    let at = jiff::Timestamp::now().as_nanosecond();
    let at = Timestamp::from_nanoseconds(i64::try_from(at).unwrap_or(i64::MAX));
    Ok(Signed { by: user::name(), at, reason })
}

fn refused(error: &RegistryError) -> Refusal {
    match error {
        RegistryError::Promotion(refused @ PromotionRefused::NotBetter { .. }) => {
            Refusal::new(refused.to_string(), "train a better one, or give a --reason to promote it all the same")
        }
        RegistryError::Promotion(PromotionRefused::NoEvidence { champion }) => {
            let what = format!("version {champion} is the champion, and nothing says that this one is better");
            Refusal::new(what, "give --validation V.csv with --target COL, or a --reason")
        }
        RegistryError::Promotion(refused) => {
            Refusal::new(refused.to_string(), "`bellwether models show NAME` lists the versions")
        }
        other => super::input::advised(other, COMMAND),
    }
}
