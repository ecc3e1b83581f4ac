//! What an objective makes of margins: the link, in XGBoost's own f32 steps so that the bits agree.
//!
//! Source: XGBoost `src/objective/*`, `src/common/math.h`.
use super::Objective;

/// What expectiles are apart at least.
const SMALLEST_GAP: f32 = 1e-6;

/// From margins to predictions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Link {
    /// The margin itself.
    Identity,
    /// `1 / (1 + exp(-x))`.
    Logistic,
    /// `exp(x)`.
    Exponential,
    /// 1 above a margin of 0, else 0.
    Sign,
    /// A probability per class.
    Softmax,
    /// The number of the class whose margin is largest.
    LargestClass,
    /// Each output lies `ln(1 + exp(x))` above the one before, so that expectiles never cross.
    Ascending,
}

impl Link {
    /// The link of an objective; `None` for one whose prediction is not known.
    #[must_use]
    pub fn of(objective: &Objective) -> Option<Self> {
        let name = match objective {
            Objective::Quantile { .. } => return Some(Self::Identity),
            Objective::Other { name, .. } => name.as_str(),
        };
        match name {
            "reg:squarederror"
            | "reg:linear"
            | "reg:squaredlogerror"
            | "reg:pseudohubererror"
            | "reg:absoluteerror"
            | "binary:logitraw"
            | "rank:pairwise"
            | "rank:ndcg"
            | "rank:map" => Some(Self::Identity),
            "reg:logistic" | "binary:logistic" => Some(Self::Logistic),
            "binary:hinge" => Some(Self::Sign),
            "count:poisson" | "reg:gamma" | "reg:tweedie" | "survival:cox" | "survival:aft" => Some(Self::Exponential),
            "reg:expectileerror" => Some(Self::Ascending),
            "multi:softprob" => Some(Self::Softmax),
            "multi:softmax" => Some(Self::LargestClass),
            _ => None,
        }
    }

    /// The margins behind base scores, which files hold as predictions.
    #[must_use]
    pub fn margins_of(self, base_scores: &[f32]) -> Vec<f32> {
        let each = base_scores.iter();
        match self {
            Self::Logistic => each.map(|score| logit(*score)).collect(),
            Self::Exponential => each.map(|score| score.ln()).collect(),
            Self::Ascending => {
                let mut margins = base_scores.to_vec();
                for (pair, margin) in base_scores.windows(2).zip(&mut margins[1..]) {
                    *margin = inverse_softplus(pair[1] - pair[0] - SMALLEST_GAP);
                }
                margins
            }
            Self::Identity | Self::Sign | Self::Softmax | Self::LargestClass => base_scores.to_vec(),
        }
    }

    /// Numbers of a prediction from as many margins as the model has outputs.
    #[must_use]
    pub const fn width(self, outputs: usize) -> usize {
        match self {
            Self::LargestClass => 1,
            _ => outputs,
        }
    }

    /// The prediction of one row, written over its margins; [`Self::width`] of them are left.
    pub fn apply(self, row: &mut [f32]) {
        match self {
            Self::Identity => {}
            Self::Logistic => row.iter_mut().for_each(|x| *x = logistic(*x)),
            Self::Exponential => row.iter_mut().for_each(|x| *x = x.exp()),
            Self::Sign => row.iter_mut().for_each(|x| *x = f32::from(u8::from(*x > 0.0))),
            Self::Softmax => softmax(row),
            Self::Ascending => ascend(row),
            Self::LargestClass => {
                let largest = largest(row);
                row[..1].fill(largest);
            }
        }
    }
}

fn logistic(x: f32) -> f32 {
    // Beyond 88.7 the exponential would be infinite in f32. NaN stays NaN.
    let x = if 88.7 < -x { 88.7 } else { -x };
    1.0 / (x.exp() + 1.0)
}

fn logit(probability: f32) -> f32 {
    // XGBoost keeps the base score away from 0 and 1, where its margin would be infinite.
    -(1.0 / probability.clamp(1e-6, 1.0 - 1e-6) - 1.0).ln()
}

fn ascend(row: &mut [f32]) {
    let Some((first, others)) = row.split_first_mut() else { return };
    let mut sum = *first;
    for x in others {
        sum += SMALLEST_GAP + softplus(*x);
        *x = sum;
    }
}

fn softplus(x: f32) -> f32 {
    if x > 0.0 { x + (-x).exp().ln_1p() } else { x.exp().ln_1p() }
}

fn inverse_softplus(x: f32) -> f32 {
    let x = x.max(SMALLEST_GAP);
    x + (-(-x).exp_m1()).ln()
}

#[expect(clippy::cast_possible_truncation, reason = "the sum is in f64, the division in f32")]
fn softmax(row: &mut [f32]) {
    let largest = row.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let mut sum = 0.0_f64;
    for x in row.iter_mut() {
        *x = (*x - largest).exp();
        sum += f64::from(*x);
    }
    row.iter_mut().for_each(|x| *x /= sum as f32);
}

#[expect(clippy::cast_precision_loss, reason = "fewer classes than 2^24")]
fn largest(row: &[f32]) -> f32 {
    let mut at = 0;
    for (index, x) in row.iter().enumerate() {
        if *x > row[at] {
            at = index;
        }
    }
    at as f32
}
