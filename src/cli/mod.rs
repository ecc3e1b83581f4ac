//! The command line: one file per subcommand; here the words they share, and how a run ends.
//!
//! Standard output holds results and nothing else. A refusal is at most three lines on standard error: what, where,
//! `hint:`. The reader of a pipe may leave early: that is success.
mod bandit;
mod bench;
mod conformal;
mod detect;
mod evt;
mod explain;
mod held_back;
mod input;
mod model_input;
mod models;
mod output;
mod plot;
mod predict;
mod refusal;
mod serve;
mod settings;
mod train;

pub(crate) use models::{training_fingerprint, validation_rows};
pub use refusal::Refusal;
pub use serve::{Replay, Serve, ServeOptions};
pub(crate) use train::training_table;

use crate::observability::logging;
use crate::settings::SettingsError;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Parser, Subcommand};
use std::ffi::OsString;
use std::io::{self, Write};
use std::process::ExitCode;

/// Exit code of a failure that is nobody's fault at the keyboard.
pub const FAILURE: u8 = 1;
/// Exit code of wrong usage or bad input.
pub const USAGE: u8 = 2;
/// Exit code of a process that could not heal itself and asks to be restarted.
pub const ESCALATION: u8 = 70;

const AFTER_HELP: &str = "\
Examples:
  bellwether serve                                    run with everything embedded, on http://127.0.0.1:8000
  bellwether serve --config config/production.toml    run with your settings
  bellwether evt fit --data fire.csv --column loss    how large the extremes of a column become
  bellwether bandit replay --help                     what a choosing policy would have earned on your rounds
  bellwether detect bocpd --data latency.csv          where the regime of a column changes
  bellwether train xgboost --help                     trees that predict quantiles, from your rows
  bellwether predict --model m.json --data rows.csv   what a model of boosted trees predicts
  bellwether models --help                            keep trained models: versions, champion, comparison, rollback
  bellwether conformal --help                         intervals from a model that cover what they claim
  bellwether settings show                            every setting in force, and where it is from

Environment:
  BELLWETHER__SECTION__KEY    a setting, such as BELLWETHER__SERVER__LISTEN=0.0.0.0:8000
                              (above --config, below flags)
  NO_COLOR                    no colours in the log

Exit codes:
  0   success (also when the reader of a pipe leaves early)
  1   failure
  2   wrong usage or bad input: the last line is a hint
  70  the supervisor gave up: restart the process";

/// An ML control plane for trading systems: it forecasts, notices, decides, and answers safely.
#[derive(Debug, Parser)]
#[command(name = "bellwether", version, after_help = AFTER_HELP, max_term_width = 110)]
#[command(arg_required_else_help = true, disable_help_subcommand = true)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Serve(serve::Arguments),
    Detect(detect::Arguments),
    Evt(evt::Arguments),
    Bandit(bandit::Arguments),
    Train(train::Arguments),
    Explain(explain::Arguments),
    Bench(bench::Arguments),
    Predict(predict::Arguments),
    Models(models::Arguments),
    Conformal(conformal::Arguments),
    Settings(settings::Arguments),
}

/// Runs a command line, the program's name first. `serve` runs the control plane.
#[must_use]
pub fn run(arguments: impl IntoIterator<Item = OsString>, serve: Serve) -> ExitCode {
    logging::install_panic_hook();
    let arguments = match Arguments::try_parse_from(arguments) {
        Ok(arguments) => arguments,
        Err(error) => return refuse_usage(&error),
    };
    // The hook has said where; the process ends in order instead of with 101.
    let outcome = std::panic::catch_unwind(|| match arguments.command {
        Command::Serve(arguments) => serve::run(arguments, serve),
        Command::Detect(arguments) => detect::run(arguments).map(|()| ExitCode::SUCCESS),
        Command::Evt(arguments) => evt::run(arguments).map(|()| ExitCode::SUCCESS),
        Command::Bandit(arguments) => bandit::run(arguments).map(|()| ExitCode::SUCCESS),
        Command::Train(arguments) => train::run(arguments).map(|()| ExitCode::SUCCESS),
        Command::Explain(arguments) => explain::run(&arguments).map(|()| ExitCode::SUCCESS),
        Command::Bench(arguments) => bench::run(&arguments).map(|()| ExitCode::SUCCESS),
        Command::Predict(arguments) => predict::run(&arguments).map(|()| ExitCode::SUCCESS),
        Command::Models(arguments) => models::run(arguments).map(|()| ExitCode::SUCCESS),
        Command::Conformal(arguments) => conformal::run(&arguments).map(|()| ExitCode::SUCCESS),
        Command::Settings(arguments) => settings::run(arguments).map(|()| ExitCode::SUCCESS),
    });
    match outcome {
        Ok(Ok(code)) => code,
        Ok(Err(error)) => {
            let (code, text) = ending(&error);
            say(&text);
            ExitCode::from(code)
        }
        Err(_) => ExitCode::from(FAILURE),
    }
}

/// Exit code and text of an error; no text for a pipe whose reader left.
fn ending(error: &anyhow::Error) -> (u8, String) {
    let causes = || error.chain();
    if causes().filter_map(|cause| cause.downcast_ref::<io::Error>()).any(|e| e.kind() == io::ErrorKind::BrokenPipe) {
        return (0, String::new());
    }
    if let Some(refused) = causes().find_map(|cause| cause.downcast_ref::<SettingsError>()) {
        return (USAGE, format!("error: {refused}\n"));
    }
    if let Some(refused) = causes().find_map(|cause| cause.downcast_ref::<Refusal>()) {
        return (USAGE, format!("error: {refused}\n"));
    }
    (FAILURE, format!("error: {}\n", format!("{error:#}").replace('\n', " ")))
}

/// Help and version go to standard output; anything else is a refusal in our own form.
fn refuse_usage(error: &clap::Error) -> ExitCode {
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => {
            // The one that can fail is a pipe whose reader left.
            let _ = error.print();
            ExitCode::SUCCESS
        }
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            let _ = error.print();
            ExitCode::from(USAGE)
        }
        _ => {
            say(&usage_refusal(error));
            ExitCode::from(USAGE)
        }
    }
}

/// What clap says, in two lines: what, and a hint.
fn usage_refusal(error: &clap::Error) -> String {
    let said = error.render().to_string();
    // clap puts what is missing or possible on lines of its own below the first, and a blank line after them.
    let what: Vec<_> = said.lines().take_while(|line| !line.trim().is_empty()).map(str::trim).collect();
    let suggested = [ContextKind::SuggestedArg, ContextKind::SuggestedSubcommand, ContextKind::SuggestedValue];
    let suggestion = suggested.into_iter().find_map(|kind| match error.get(kind) {
        Some(ContextValue::String(text)) => Some(text.clone()),
        Some(ContextValue::Strings(texts)) => texts.first().cloned(),
        _ => None,
    });
    let usage = said.lines().find_map(|line| line.strip_prefix("Usage: ")).unwrap_or("bellwether");
    let command: Vec<_> = usage.split(' ').take_while(|word| word.starts_with(char::is_lowercase)).collect();
    let hint = match suggestion {
        Some(meant) => format!("did you mean `{meant}`?"),
        None => format!("`{} --help` shows what is possible", command.join(" ")),
    };
    format!("{}\nhint: {hint}\n", what.join(" "))
}

/// Writes to standard error; if nobody listens there, nobody is told.
fn say(text: &str) {
    let _ = io::stderr().write_all(text.as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    fn refusal(arguments: &[&str]) -> String {
        let all = ["bellwether"].iter().chain(arguments);
        usage_refusal(&Arguments::try_parse_from(all).unwrap_err())
    }

    #[test]
    fn the_definition_is_sound() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn wrong_usage_is_said_in_two_lines_with_a_hint() {
        for (arguments, expected) in [
            (&["srve"][..], "error: unrecognized subcommand 'srve'\nhint: did you mean `serve`?\n"),
            (
                &["serve", "--lisen", "x"],
                "error: unexpected argument '--lisen' found\nhint: did you mean `--listen`?\n",
            ),
            (
                &["serve", "--zebra"],
                "error: unexpected argument '--zebra' found\nhint: `bellwether serve --help` shows what is possible\n",
            ),
            (
                &["serve", "--replay", "f", "--speed", "-1"],
                "error: invalid value '-1' for '--speed <X>': \"-1\" is no speed: give a positive number such as 1 or 60, or max (also 0) for everything at once\n\
                 hint: `bellwether --help` shows what is possible\n",
            ),
            (
                &["serve", "--speed", "2"],
                "error: the following required arguments were not provided: --replay <FILE>\n\
                 hint: `bellwether serve --help` shows what is possible\n",
            ),
            (
                &["settings", "show", "--format", "jsn"],
                "error: invalid value 'jsn' for '--format <FORMAT>' [possible values: text, json]\nhint: did you mean `json`?\n",
            ),
        ] {
            assert_eq!(refusal(arguments), expected, "{arguments:?}");
        }
    }

    #[test]
    fn an_error_ends_with_the_code_of_its_kind() {
        let pipe = io::Error::from(io::ErrorKind::BrokenPipe);
        let refused = Refusal::new("no such column `x`", "name one of a, b").at("f.csv line 1");
        for (error, expected) in [
            (anyhow::Error::from(pipe).context("writing"), (0, String::new())),
            (
                anyhow::Error::from(refused).context("reading"),
                (2, "error: no such column `x`\n  at f.csv line 1\nhint: name one of a, b\n".to_owned()),
            ),
            (anyhow::anyhow!("disk\nfull").context("writing"), (1, "error: writing: disk full\n".to_owned())),
        ] {
            assert_eq!(ending(&error), expected);
        }
    }
}
