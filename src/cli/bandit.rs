//! `bellwether bandit replay`: what a policy would have earned on recorded rounds.
mod picture;
mod replay;
mod report;
mod rounds;
mod table;
#[cfg(test)]
mod tests;

use super::{Refusal, output};
use bellwether_models::optimize::bandit::{Memory, OutOfRange, PolicyKind, PolicyOptions};
use rounds::Rounds;
use std::path::PathBuf;
use table::refused;

/// Multiplications beyond which a replay would take minutes.
const MOST_WORK: f64 = 1e11;

const AFTER_HELP: &str = "\
Examples:
  bellwether bandit replay --data rounds.csv --context x --rewards r --delay delay --policy lin_ucb

  rounds.csv has a row for each round: the context x0, x1, ..; what every arm would have
  paid r0, r1, ..; and after how many more rounds a reward is known (-1: never):
    x0,x1,delay,r0,r1,r2
    1,0.51,9,1,0,0
    1,0.07,0,0,0,1
  A constant column such as x0 gives the linear policies an intercept.

  bellwether bandit replay --data digits.csv --label label --order order.csv --order-column s0 \\
    --policy lin_ucb --alpha 0.25

  digits.csv is a classification table: each label is an arm, which pays 1 in its own rows;
  all other columns are the context, and a constant is added. order.csv holds the row
  numbers, counted from 0, in the order of the rounds.

  The answer, shortened:
    \"mean_reward\": 0.863,
    \"cumulative_regret\": 246.0,              what the best arm of every round would have added
    \"second_half_mean_reward\": 0.937,        after it has learnt
    \"arms\": [ { \"name\": \"0\", \"decisions\": 184, \"mean_reward\": 0.897 }, .. ]

The policy sees the reward of the arm it chose and no other. In a world that changes try
--discount 0.99 or --window 500.";

/// Choose among arms, and learn which is best in which context.
#[derive(Debug, clap::Args)]
#[command(arg_required_else_help = true, disable_help_subcommand = true)]
pub(super) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    Replay(Replay),
}

/// Replay a policy on recorded rounds and print, as JSON, what it would have earned.
///
/// Either every arm's reward is known (--context, --rewards), or the rows are classes (--label).
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_HELP)]
#[command(group = clap::ArgGroup::new("payoffs").required(true).args(["label", "rewards"]))]
struct Replay {
    /// CSV file with a header and a row for each round
    #[arg(long, value_name = "F.csv")]
    data: PathBuf,
    /// Column of the class: its arm pays 1, the others 0
    #[arg(long, value_name = "COL", conflicts_with_all = ["context", "rewards", "delay"])]
    label: Option<String>,
    /// CSV file with row numbers, counted from 0, in the order of the rounds
    #[arg(long, value_name = "O.csv", requires = "order_column")]
    order: Option<PathBuf>,
    /// Column of that file
    #[arg(long, value_name = "C", requires = "order")]
    order_column: Option<String>,
    /// What the context's columns begin with: x for x0, x1, ..
    #[arg(long, value_name = "PREFIX", requires = "rewards")]
    context: Option<String>,
    /// What the columns of rewards begin with, one an arm: r for r0, r1, ..
    #[arg(long, value_name = "PREFIX", requires = "context")]
    rewards: Option<String>,
    /// Column of the rounds until a reward is known; -1 or empty: never
    #[arg(long, value_name = "COL", requires = "rewards")]
    delay: Option<String>,
    /// lin_ucb, lin_ts, beta_ts, ucb1 or epsilon_greedy
    #[arg(long, value_name = "P")]
    policy: PolicyKind,
    /// How much it explores: factor of the width, scale of Thompson sampling, or epsilon [default: the policy's]
    #[arg(long, value_name = "A", allow_negative_numbers = true)]
    alpha: Option<f64>,
    /// A reward weighs G to the power of its age in rounds
    #[arg(long, value_name = "G", allow_negative_numbers = true, conflicts_with = "window")]
    discount: Option<f64>,
    /// Only the rewards of the last W rounds count
    #[arg(long, value_name = "W")]
    window: Option<u64>,
    /// Seed of what is random: ties, exploration, draws
    #[arg(long, value_name = "S", default_value_t = 0)]
    seed: u64,
    /// Writes round, arm and its propensity
    #[arg(long, value_name = "OUT.csv")]
    decisions: Option<PathBuf>,
    /// Draws cumulative reward and regret
    #[arg(long, value_name = "OUT.svg")]
    plot: Option<PathBuf>,
}

pub(super) fn run(arguments: Arguments) -> anyhow::Result<()> {
    let Command::Replay(arguments) = arguments.command;
    let options = arguments.options()?;
    arguments.check_plot()?;
    let rounds = arguments.rounds()?;
    arguments.check_work(&rounds, options)?;
    let outcome = replay::replay(&rounds, options, arguments.seed).map_err(|error| refused(&error))?;
    let report = report::report(&rounds, &outcome, options, arguments.seed);
    let picture =
        arguments.plot.as_ref().map(|path| Ok::<_, anyhow::Error>((path, picture::draw(&rounds, &outcome, options)?)));
    if let Some(path) = &arguments.decisions {
        output::replace(path, report::decisions(&rounds, &outcome).as_bytes())?;
    }
    if let Some((path, picture)) = picture.transpose()? {
        let picture = picture.ok_or_else(|| {
            Refusal::new("the rewards are too large, too small or all alike for a picture", "leave --plot out")
        })?;
        output::replace(path, picture.as_bytes())?;
    }
    output::print(&(serde_json::to_string_pretty(&report)? + "\n"))
}

impl Replay {
    fn options(&self) -> Result<PolicyOptions, Refusal> {
        let given = |error: OutOfRange| {
            Refusal::new(format!("{} is {}", error.name, error.value), format!("give a number in {}", error.range))
        };
        let memory = match (self.discount, self.window) {
            (Some(gamma), _) => Memory::Discount(gamma),
            (None, Some(rounds)) => Memory::Window(rounds),
            (None, None) => Memory::Full,
        };
        let options = PolicyOptions::new(self.policy);
        let options = self.alpha.map_or(Ok(options), |alpha| options.with_alpha(alpha)).map_err(given)?;
        options.with_memory(memory).map_err(given)
    }

    fn check_plot(&self) -> Result<(), Refusal> {
        match &self.plot {
            Some(path) if !path.extension().is_some_and(|end| end.eq_ignore_ascii_case("svg")) => {
                let what = format!("{} does not end in .svg", path.display());
                Err(Refusal::new(what, "pictures are SVG: name one such as replay.svg"))
            }
            _ => Ok(()),
        }
    }

    fn rounds(&self) -> Result<Rounds, Refusal> {
        let table = table::open(&self.data)?;
        let rounds = match (&self.label, &self.context, &self.rewards) {
            (Some(label), ..) => Rounds::of_labels(table, label)?,
            (None, Some(context), Some(rewards)) => Rounds::of_rewards(table, context, rewards, self.delay.as_deref())?,
            _ => {
                return Err(Refusal::new(
                    "it is not said what the arms pay",
                    "give --label, or --context and --rewards",
                ));
            }
        };
        match (&self.order, &self.order_column) {
            (Some(order), Some(column)) => rounds.ordered(table::open(order)?, column),
            _ => Ok(rounds),
        }
    }

    /// Refuses what would take too long, and rewards that the policy cannot learn.
    fn check_work(&self, rounds: &Rounds, options: PolicyOptions) -> Result<(), Refusal> {
        let file = self.data.display().to_string();
        let dimension = rounds.dimension as f64;
        let of_context = match (options.kind().is_linear(), options.memory()) {
            (false, _) => 100.0,
            (true, Memory::Discount(_)) => dimension * dimension * (1.0 + dimension / 6.0),
            (true, _) => dimension * dimension,
        };
        let of_draws = if matches!(options.kind(), PolicyKind::LinTs | PolicyKind::BetaTs) { 16_000.0 } else { 100.0 };
        if rounds.len() as f64 * rounds.arms.len() as f64 * (of_context + of_draws) > MOST_WORK {
            let (n, arms) = (rounds.len(), rounds.arms.len());
            let what = format!("{n} rounds of {arms} arms with {dimension} numbers of context take too long");
            return Err(Refusal::new(what, "replay a part of them, or a policy without context such as ucb1").at(file));
        }
        match rounds.outside_unit().filter(|_| !options.kind().is_linear()) {
            None => Ok(()),
            Some((row, reward)) => {
                let what = format!("row {row} holds the reward {reward}, and {} counts shares", options.kind());
                Err(Refusal::new(what, "give rewards from 0 to 1, or use lin_ucb").at(file))
            }
        }
    }
}
