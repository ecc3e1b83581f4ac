//! How far training has come, on standard error: a bar on a terminal, else a line now and then.
use bellwether_models::tail::boosting::Round;
use indicatif::{ProgressBar, ProgressStyle};
use std::io::{self, IsTerminal};
use std::ops::ControlFlow;
use std::time::{Duration, Instant};

/// Time between two lines.
const PAUSE: Duration = Duration::from_secs(10);

/// Follows the rounds.
#[derive(Debug)]
pub(super) struct Progress {
    rounds: usize,
    bar: Option<ProgressBar>,
    said: Instant,
}

impl Progress {
    pub(super) fn new(rounds: usize) -> Self {
        let bar = io::stderr().is_terminal().then(|| {
            let style = ProgressStyle::with_template("training {bar:40} round {pos}/{len}, {eta} left, {msg}");
            ProgressBar::new(rounds as u64).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
        });
        Self { rounds, bar, said: Instant::now() }
    }

    pub(super) fn advance(&mut self, round: &Round) -> ControlFlow<()> {
        let losses = round.validation.as_ref().unwrap_or(&round.training);
        let kind = if round.validation.is_some() { "validation" } else { "training" };
        let loss = losses.iter().sum::<f64>() / losses.len() as f64;
        let text = format!("{kind} loss {loss:.6}");
        if let Some(bar) = &self.bar {
            bar.set_position(round.index as u64 + 1);
            bar.set_message(text);
        } else if self.said.elapsed() >= PAUSE {
            self.said = Instant::now();
            crate::cli::say(&format!("round {} of {}: {text}\n", round.index + 1, self.rounds));
        }
        ControlFlow::Continue(())
    }

    pub(super) fn finish(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
