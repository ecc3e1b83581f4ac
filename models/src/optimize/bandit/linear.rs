//! Ridge regression of each arm's reward on the context: A = λ I + Σ w x x', b = Σ w r x, θ = A⁻¹ b.
//!
//! Source: Li, Chu, Langford and Schapire, "A Contextual-Bandit Approach to Personalized News Article Recommendation",
//! WWW 2010, algorithm 1 (disjoint linear models).
use super::discounted::Discounted;
use super::factor::{Factor, dot};
use super::options::Memory;
use serde::{Deserialize, Serialize};

/// What a linear model expects of an arm in a context.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Estimate {
    /// Expected reward θ'x.
    pub mean: f64,
    /// Its standard deviation for a noise of 1: √(x'A⁻¹x).
    pub width: f64,
}

/// Room for intermediate results, so that a round allocates nothing.
#[derive(Debug, Clone, Default)]
pub struct Workspace {
    pub(super) vector: Vec<f64>,
    pub(super) coefficients: Vec<f64>,
    pub(super) factor: Factor,
    pub(super) estimates: Vec<Estimate>,
    pub(super) scores: Vec<f64>,
    pub(super) shares: Vec<f64>,
}

/// One arm's model that forgets nothing by itself; its factors follow every change.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Ridge {
    factor: Factor,
    moments: Vec<f64>,
    coefficients: Vec<f64>,
    /// Rewards taken away since the factors were last built from scratch.
    removals: u64,
}

impl Ridge {
    fn new(dimension: usize, ridge: f64) -> Self {
        let zeros = vec![0.0; dimension];
        Self { factor: Factor::ridge(dimension, ridge), moments: zeros.clone(), coefficients: zeros, removals: 0 }
    }

    fn is_sound(&self, dimension: usize) -> bool {
        let is_vector = |vector: &[f64]| vector.len() == dimension && vector.iter().all(|value| value.is_finite());
        self.factor.is_sound(dimension) && is_vector(&self.moments) && is_vector(&self.coefficients)
    }

    fn add(&mut self, context: &[f64], reward: f64, workspace: &mut Workspace) {
        workspace.vector.clear();
        workspace.vector.extend_from_slice(context);
        self.factor.add(1.0, &mut workspace.vector);
        self.add_moments(context, reward);
    }

    fn add_moments(&mut self, context: &[f64], reward: f64) {
        for (moment, feature) in self.moments.iter_mut().zip(context) {
            *moment += reward * feature;
        }
        self.solve();
    }

    fn solve(&mut self) {
        self.coefficients.copy_from_slice(&self.moments);
        self.factor.solve(&mut self.coefficients);
    }

    /// Takes a reward away; whether that was possible without losing precision.
    fn remove(&mut self, context: &[f64], reward: f64, workspace: &mut Workspace) -> bool {
        workspace.vector.clear();
        workspace.vector.extend_from_slice(context);
        if !Factor::remains_definite(1.0, self.factor.quadratic(&mut workspace.vector)) {
            return false;
        }
        workspace.vector.clear();
        workspace.vector.extend_from_slice(context);
        self.factor.add(-1.0, &mut workspace.vector);
        self.add_moments(context, -reward);
        self.removals = self.removals.saturating_add(1);
        true
    }

    fn rescale(&mut self, by: f64) {
        self.moments.iter_mut().chain(&mut self.coefficients).for_each(|value| *value *= by);
    }
}

/// The models of all arms.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Linear {
    ridge: f64,
    arms: Arms,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Arms {
    Kept(Vec<Ridge>),
    Discounted { gamma: f64, arms: Vec<Discounted> },
}

impl Linear {
    pub(super) fn new(arms: usize, dimension: usize, ridge: f64, memory: Memory) -> Self {
        let arms = match memory {
            Memory::Discount(gamma) => Arms::Discounted { gamma, arms: vec![Discounted::new(dimension); arms] },
            Memory::Full | Memory::Window(_) => Arms::Kept(vec![Ridge::new(dimension, ridge); arms]),
        };
        Self { ridge, arms }
    }

    pub(super) fn is_sound(&self, arms: usize, dimension: usize, ridge: f64, memory: Memory) -> bool {
        let is_of_memory = match (&self.arms, memory) {
            (Arms::Kept(kept), Memory::Full | Memory::Window(_)) => {
                kept.len() == arms && kept.iter().all(|arm| arm.is_sound(dimension))
            }
            (Arms::Discounted { gamma, arms: discounted }, Memory::Discount(expected)) => {
                *gamma == expected && discounted.len() == arms && discounted.iter().all(|arm| arm.is_sound(dimension))
            }
            _ => false,
        };
        is_of_memory && self.ridge == ridge
    }

    /// What is expected of one arm; the width is left 0 where it is not asked for.
    pub(super) fn estimate(
        &self,
        arm: usize,
        context: &[f64],
        round: u64,
        with_width: bool,
        workspace: &mut Workspace,
    ) -> Estimate {
        match &self.arms {
            Arms::Kept(arms) => {
                let Some(Ridge { factor, coefficients, .. }) = arms.get(arm) else { return Estimate::default() };
                let mean = dot(coefficients, context);
                let width = if with_width { width(factor, context, &mut workspace.vector) } else { 0.0 };
                Estimate { mean, width }
            }
            Arms::Discounted { gamma, arms } => {
                let Some(model) = arms.get(arm) else { return Estimate::default() };
                let Workspace { vector, coefficients, factor, .. } = workspace;
                model.solve(*gamma, round, self.ridge, factor, coefficients);
                let width = if with_width { width(factor, context, vector) } else { 0.0 };
                Estimate { mean: dot(coefficients, context), width }
            }
        }
    }

    /// Learns one reward, decided so many rounds ago.
    pub(super) fn add(
        &mut self,
        arm: usize,
        context: &[f64],
        reward: f64,
        (round, age): (u64, u64),
        workspace: &mut Workspace,
    ) {
        match &mut self.arms {
            Arms::Kept(arms) => {
                if let Some(model) = arms.get_mut(arm) {
                    model.add(context, reward, workspace);
                }
            }
            Arms::Discounted { gamma, arms } => {
                if let Some(model) = arms.get_mut(arm) {
                    model.add(context, reward, *gamma, round, age);
                }
            }
        }
    }

    /// Takes a reward away, `rest` being those of the same arm that stay.
    pub(super) fn remove<'a>(
        &mut self,
        arm: usize,
        (context, reward): (&[f64], f64),
        rebuild_after: u64,
        rest: impl Iterator<Item = (&'a [f64], f64)>,
        workspace: &mut Workspace,
    ) {
        let Arms::Kept(arms) = &mut self.arms else { return };
        let Some(model) = arms.get_mut(arm) else { return };
        let is_due = model.removals >= rebuild_after;
        if is_due || !model.remove(context, reward, workspace) {
            *model = Ridge::new(context.len(), self.ridge);
            rest.for_each(|(context, reward)| model.add(context, reward, workspace));
        }
    }

    /// The coefficients θ of one arm, in the unit of the rewards given.
    pub(super) fn coefficients(&self, arm: usize, round: u64, workspace: &mut Workspace) -> Vec<f64> {
        match &self.arms {
            Arms::Kept(arms) => arms.get(arm).map(|model| model.coefficients.clone()).unwrap_or_default(),
            Arms::Discounted { gamma, arms } => {
                let Some(model) = arms.get(arm) else { return Vec::new() };
                model.solve(*gamma, round, self.ridge, &mut workspace.factor, &mut workspace.coefficients);
                workspace.coefficients.clone()
            }
        }
    }

    pub(super) fn rescale(&mut self, by: f64) {
        match &mut self.arms {
            Arms::Kept(arms) => arms.iter_mut().for_each(|arm| arm.rescale(by)),
            Arms::Discounted { arms, .. } => arms.iter_mut().for_each(|arm| arm.rescale(by)),
        }
    }
}

fn width(factor: &Factor, context: &[f64], vector: &mut Vec<f64>) -> f64 {
    vector.clear();
    vector.extend_from_slice(context);
    factor.quadratic(vector).max(0.0).sqrt()
}
