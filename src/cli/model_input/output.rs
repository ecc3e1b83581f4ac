//! Which of a model's outputs a command is about.
use crate::cli::Refusal;
use bellwether_models::explain::TreeShap;
use bellwether_models::tail::boosting::{BoostedTrees, Objective, served_quantiles};

/// How an output is asked for.
#[derive(Debug, Clone, Copy, Default, clap::Args)]
pub(in crate::cli) struct Choice {
    /// Level of the quantile, as the model has it; needed if there are several
    #[arg(long, value_name = "Q", value_parser = level, conflicts_with = "output")]
    quantile: Option<f32>,
    /// Number of the class or target, counted from 0; needed if there are several
    #[arg(long, value_name = "K")]
    output: Option<usize>,
}

fn level(text: &str) -> Result<f32, String> {
    let level = text.trim().parse().ok().filter(|level: &f32| *level > 0.0 && *level < 1.0);
    level.ok_or_else(|| "give a number above 0 and below 1".to_owned())
}

/// What explains a model's outputs.
///
/// # Errors
/// A [`Refusal`] for a model whose explanation would take too long.
pub(in crate::cli) fn explainer(model: &BoostedTrees) -> Result<TreeShap, Refusal> {
    TreeShap::new(model).map_err(|error| Refusal::new(error.to_string(), "train with a smaller depth"))
}

/// One output of a model.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::cli) struct Chosen {
    /// Its position.
    pub(in crate::cli) output: usize,
    /// Its column in the answers of `predict`.
    pub(in crate::cli) name: String,
    /// Its level, for quantiles.
    pub(in crate::cli) level: Option<f32>,
}

impl Choice {
    /// Whether nothing was asked for.
    pub(in crate::cli) const fn is_open(self) -> bool {
        self.quantile.is_none() && self.output.is_none()
    }

    /// The output that was asked for, or the only one.
    ///
    /// # Errors
    /// A [`Refusal`] that names what there is to choose from.
    pub(in crate::cli) fn of(self, model: &BoostedTrees) -> Result<Chosen, Refusal> {
        match &model.parts().objective {
            Objective::Quantile { levels } => self.level_of(levels),
            Objective::Other { .. } => self.output_of(model.outputs()),
        }
    }

    fn level_of(self, levels: &[f32]) -> Result<Chosen, Refusal> {
        let chosen = |output: usize| {
            let level = levels[output];
            Chosen { output, name: format!("q{level}"), level: Some(level) }
        };
        let all = || levels.iter().map(f32::to_string).collect::<Vec<_>>().join(", ");
        if self.output.is_some() {
            return Err(Refusal::new("the outputs of this model are quantiles", "choose one with --quantile"));
        }
        match self.quantile {
            None if levels.len() == 1 => Ok(chosen(0)),
            None => Err(Refusal::new("the model has several quantiles", format!("choose one of --quantile {}", all()))),
            Some(sought) => {
                let found = levels.iter().position(|level| *level == sought).map(chosen);
                found.ok_or_else(|| {
                    Refusal::new(format!("the model has no quantile {sought}"), format!("choose one of {}", all()))
                })
            }
        }
    }

    fn output_of(self, outputs: usize) -> Result<Chosen, Refusal> {
        if self.quantile.is_some() {
            return Err(Refusal::new("the outputs of this model are no quantiles", "leave --quantile out"));
        }
        let name = |output| if outputs == 1 { "prediction".to_owned() } else { format!("class_{output}") };
        let chosen = |output| Chosen { output, name: name(output), level: None };
        let range = || format!("choose one with --output 0 to {}", outputs - 1);
        match self.output {
            None if outputs == 1 => Ok(chosen(0)),
            None => Err(Refusal::new("the model has several outputs", range())),
            Some(output) if output < outputs => Ok(chosen(output)),
            Some(output) => Err(Refusal::new(format!("the model has no output {output}"), range())),
        }
    }
}

impl Chosen {
    /// The output whose value is served in this one's place: quantiles are sorted, so that one may be another's.
    pub(in crate::cli) fn served(&self, model: &BoostedTrees, margins: &[f32]) -> usize {
        match (&model.parts().objective, self.level) {
            (Objective::Quantile { levels }, Some(level)) => {
                let served = served_quantiles(levels, margins);
                served.iter().find(|served| served.level == level).map_or(self.output, |served| served.output)
            }
            _ => self.output,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(choice: Choice, found: Result<Chosen, Refusal>) -> String {
        found.map_or_else(|refusal| refusal.to_string(), |chosen| format!("{} {choice:?}", chosen.name))
    }

    #[test]
    fn the_only_output_needs_no_choice_and_of_several_one_must_be_named() {
        let (open, quantile) = (Choice::default(), |level| Choice { quantile: Some(level), output: None });
        let output = |output| Choice { quantile: None, output: Some(output) };
        let levels = [0.5, 0.95];
        for (choice, found, expected) in [
            (open, open.level_of(&levels[..1]), "q0.5"),
            (open, open.level_of(&levels), "the model has several quantiles\nhint: choose one of --quantile 0.5, 0.95"),
            (quantile(0.95), quantile(0.95).level_of(&levels), "q0.95"),
            (quantile(0.9), quantile(0.9).level_of(&levels), "the model has no quantile 0.9\nhint: choose one of 0.5"),
            (output(0), output(0).level_of(&levels), "the outputs of this model are quantiles\nhint: "),
            (open, open.output_of(1), "prediction"),
            (open, open.output_of(3), "the model has several outputs\nhint: choose one with --output 0 to 2"),
            (output(2), output(2).output_of(3), "class_2"),
            (output(3), output(3).output_of(3), "the model has no output 3\nhint: choose one with --output 0 to 2"),
            (quantile(0.5), quantile(0.5).output_of(3), "the outputs of this model are no quantiles\nhint: "),
        ] {
            let said = said(choice, found);
            assert!(said.starts_with(expected), "{said}");
        }
    }
}
