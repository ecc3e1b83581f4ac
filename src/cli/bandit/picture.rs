//! The picture of a replay: what was earned, beside the best single arm, and what was missed.
use super::super::plot::{Area, Axis, BLUE, DrawError, INK, ORANGE, Panel, QUIET, text, written};
use super::replay::Outcome;
use super::rounds::Rounds;
use bellwether_models::optimize::bandit::{Memory, PolicyOptions};
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, VPos};

const SIZE: (u32, u32) = (1160, 520);
/// Points of a curve.
const STEPS: usize = 400;

type Curve = Vec<(f64, f64)>;

/// The SVG; `None` if the numbers spread too far or too little to be drawn.
pub(super) fn draw(rounds: &Rounds, outcome: &Outcome, options: PolicyOptions) -> anyhow::Result<Option<String>> {
    let earned = cumulative(&outcome.rewards);
    let missed: Vec<f64> =
        outcome.rewards.iter().enumerate().map(|(round, reward)| rounds.largest_reward(round) - reward).collect();
    let missed = cumulative(&missed);
    let (best, single) = best_single(rounds);
    let single = cumulative(&single);
    let (Some(time), Some(rewards), Some(regrets)) =
        (Axis::linear(0.0, outcome.rewards.len() as f64), range(&[&earned, &single]), range(&[&missed]))
    else {
        return Ok(None);
    };
    let mut svg = String::new();
    {
        let area = SVGBackend::with_string(&mut svg, SIZE).into_drawing_area();
        let name = super::super::plot::caption(&rounds.arms[best].name, 24);
        let paint = || -> Result<(), DrawError> {
            area.fill(&WHITE)?;
            heading(&area, outcome, options)?;
            let panel = Panel::new(&area, (84, 122, 460, 330), (time, "round"), (rewards, "cumulative reward"))?;
            panel.line(&single, ORANGE, 2)?;
            panel.line(&earned, BLUE, 2)?;
            legend(&area, &[(BLUE, "the policy".to_owned()), (ORANGE, format!("always {name}, the best single arm"))])?;
            let label = "cumulative regret: what the best arm of every round adds";
            let panel = Panel::new(&area, (660, 122, 460, 330), (time, "round"), (regrets, label))?;
            panel.line(&missed, BLUE, 2)?;
            area.present()
        };
        paint().map_err(|error| anyhow::anyhow!("drawing: {error}"))?;
    }
    Ok(Some(svg))
}

fn heading(area: &Area<'_>, outcome: &Outcome, options: PolicyOptions) -> Result<(), DrawError> {
    let n = outcome.rewards.len() as f64;
    let memory = match options.memory() {
        Memory::Full => String::new(),
        Memory::Discount(gamma) => format!(", discount {gamma}"),
        Memory::Window(rounds) => format!(", window {rounds}"),
    };
    let title = format!("Replay of {}, alpha {}{memory}", options.kind(), options.alpha());
    text(area, (24, 18), (HPos::Left, VPos::Top), 20, INK, &title)?;
    let mean = outcome.rewards.iter().map(|reward| reward / n).sum();
    let line = format!("{} rounds, mean reward {}", written(n, 9), written(mean, 4));
    text(area, (24, 46), (HPos::Left, VPos::Top), 14, QUIET, &line)
}

fn legend(area: &Area<'_>, lines: &[(RGBColor, String)]) -> Result<(), DrawError> {
    for (place, (colour, what)) in (0..).zip(lines) {
        let (left, top) = (98, 136 + 20 * place);
        area.draw(&PathElement::new(vec![(left, top), (left + 22, top)], colour.stroke_width(2)))?;
        text(area, (left + 30, top), (HPos::Left, VPos::Center), 13, INK, what)?;
    }
    Ok(())
}

/// The arm that earns most when it is always taken, and what it pays.
fn best_single(rounds: &Rounds) -> (usize, Vec<f64>) {
    let paid = |arm: usize| (0..rounds.len()).map(move |round| rounds.reward(round, arm));
    let best = (0..rounds.arms.len()).max_by(|one, other| paid(*one).sum::<f64>().total_cmp(&paid(*other).sum()));
    let best = best.unwrap_or(0);
    (best, paid(best).collect())
}

/// Sums up to each of some rounds, the last among them.
fn cumulative(values: &[f64]) -> Curve {
    let apart = values.len().div_ceil(STEPS).max(1);
    let mut sum = 0.0;
    let mut curve = vec![(0.0, 0.0)];
    for (round, value) in values.iter().enumerate() {
        sum += value;
        if (round + 1) % apart == 0 || round + 1 == values.len() {
            curve.push(((round + 1) as f64, sum));
        }
    }
    curve
}

/// An axis that holds all curves, with some room above.
fn range(curves: &[&Curve]) -> Option<Axis> {
    let values = || curves.iter().flat_map(|curve| curve.iter().map(|(_, value)| *value));
    let (low, high) = (values().fold(0.0, f64::min), values().fold(0.0, f64::max));
    // Without any regret the line lies on the axis.
    if low == 0.0 && high == 0.0 { Axis::linear(0.0, 1.0) } else { Axis::linear(low, high + 0.05 * (high - low)) }
}
