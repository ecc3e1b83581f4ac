//! Extreme events: an inference replica that fits the tail of the values it is given.
//!
//! Owns      nothing: a fit answers for its own request
//! Takes     [`PredictExtremes`]: small samples are fitted at once, large ones on the compute pool
//! Queue     128 requests; the next caller gets the fallback
//! Restarts  with nothing lost; a request that killed it twice is refused from then on
use super::extremes_report::{ExtremesQuestion, IntervalKind, Series, ThresholdChoice, report};
use crate::runtime::{Birth, ComputeError, ComputePool, FaultPoint, Injected, PoisonGuard, Slot, StartError};
use actix::{Actor, AsyncContext, Context, Handler, Message, ResponseFuture, WrapFuture};
use bellwether_domain::safety::Failure;
use bellwether_domain::types::{FieldValue, Fields};
use bellwether_models::tail::peaks_over_threshold::{Declustering, ExtremesError, Threshold};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// Values that are fitted where the request arrived, with symmetric bounds: well below 200 us. Profile likelihood costs
/// about 150 us for each bound and always goes to the pool.
const AT_ONCE: usize = 5_000;

/// Asks for the tail of some values.
#[derive(Debug, Message)]
#[rtype(result = "Result<Fields, Refusal>")]
pub struct PredictExtremes {
    /// Place in the queue.
    pub slot: Slot,
    /// Finite, oldest first.
    pub values: Arc<[f64]>,
    /// What is asked.
    pub question: Arc<ExtremesQuestion>,
    /// When the caller wants an answer at the latest.
    pub deadline: Instant,
}

/// Why there is no output.
#[derive(Debug, Clone, PartialEq)]
pub enum Refusal {
    /// The values or the question do not make a tail: the asker's to mend.
    Question(ExtremesError),
    /// The model's failure.
    Failure(Failure),
}

/// What the replica needs.
#[derive(Debug, Clone)]
pub struct ExtremeEventsOptions {
    /// For large samples.
    pub pool: ComputePool,
    /// For requests that kill.
    pub poison: Arc<PoisonGuard>,
    /// For injected faults.
    pub faults: FaultPoint,
}

/// The actor.
#[derive(Debug)]
pub struct ExtremeEventsActor {
    options: ExtremeEventsOptions,
}

crate::answers_heartbeat!(ExtremeEventsActor);

impl ExtremeEventsActor {
    /// A factory for the supervisor.
    pub fn factory(options: ExtremeEventsOptions) -> impl Fn(&Birth) -> Result<Self, StartError> + Send + Sync {
        move |_| {
            options.poison.blame_the_dead();
            Ok(Self { options: options.clone() })
        }
    }
}

impl Actor for ExtremeEventsActor {
    type Context = Context<Self>;
}

impl Handler<PredictExtremes> for ExtremeEventsActor {
    type Result = ResponseFuture<Result<Fields, Refusal>>;

    fn handle(&mut self, message: PredictExtremes, ctx: &mut Self::Context) -> Self::Result {
        let (wait, spoil) = match self.options.faults.strike() {
            Injected::Nothing => (None, false),
            Injected::Nan => (None, true),
            Injected::Slow(wait) => (Some(wait), false),
            Injected::Error => {
                return Box::pin(async { Err(Refusal::Failure(Failure::Error("an injected fault".to_owned()))) });
            }
            Injected::Hang(duration) => {
                // The HTTP worker's thread is not ours to block: the actor takes no messages instead.
                ctx.wait(tokio::time::sleep(duration).into_actor(self));
                (Some(duration), false)
            }
        };
        let PredictExtremes { slot, values, question, deadline } = message;
        let id = identity(&values, &question);
        let cheap =
            question.intervals == IntervalKind::Delta && !matches!(question.threshold, ThresholdChoice::Tested(_));
        if values.len() <= AT_ONCE && cheap {
            let answer = self.options.poison.run(id, || report(Series::complete(&values), &question));
            return Box::pin(finish(slot, wait, spoil, answer.map(|fields| fields.map_err(Refusal::Question))));
        }
        let (pool, poison) = (self.options.pool.clone(), Arc::clone(&self.options.poison));
        Box::pin(async move {
            if poison.is_poison(id) {
                return finish(slot, wait, spoil, None).await;
            }
            let answer = match pool.run(deadline, move || report(Series::complete(&values), &question)).await {
                Ok(fields) => fields.map_err(Refusal::Question),
                Err(error) => {
                    if error == ComputeError::Panicked {
                        poison.killed(id);
                    }
                    Err(Refusal::Failure(failure(error)))
                }
            };
            finish(slot, wait, spoil, Some(answer)).await
        })
    }
}

/// Acts out what is left of an injected fault, and frees the queue's slot.
async fn finish(
    slot: Slot,
    wait: Option<Duration>,
    spoil: bool,
    answer: Option<Result<Fields, Refusal>>,
) -> Result<Fields, Refusal> {
    if let Some(wait) = wait {
        tokio::time::sleep(wait).await;
    }
    drop(slot);
    let dropped = || Failure::Error("this request killed the model twice and is dropped".to_owned());
    let mut fields = answer.unwrap_or_else(|| Err(Refusal::Failure(dropped())))?;
    if spoil {
        fields.set("shape", FieldValue::Number(f64::NAN));
    }
    Ok(fields)
}

const fn failure(error: ComputeError) -> Failure {
    match error {
        ComputeError::Overloaded => Failure::Overloaded,
        ComputeError::Deadline => Failure::Deadline,
        ComputeError::Panicked => Failure::Panic,
    }
}

/// A hash of the whole request: what makes it the same message when it comes again. About a nanosecond per value.
fn identity(values: &[f64], question: &ExtremesQuestion) -> u64 {
    let mix = |hash: u64, bits: u64| (hash.rotate_left(5) ^ bits).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let values = values.iter().fold(values.len() as u64, |hash, value| mix(hash, value.to_bits()));
    let levels = question.levels.iter().flatten().fold(0, |hash, level| mix(hash, level.get().to_bits()));
    let periods = question.return_periods.iter().flatten();
    let periods = periods.fold(0, |hash, period| mix(hash, period.observations.to_bits()));
    let of = |threshold| match threshold {
        Threshold::Automatic => 0,
        Threshold::Quantile(level) => mix(1, level.get().to_bits()),
        Threshold::Value(value) => mix(2, value.to_bits()),
    };
    let threshold = match question.threshold {
        ThresholdChoice::Given(threshold) => of(threshold),
        ThresholdChoice::Usual(threshold) => mix(3, of(threshold)),
        ThresholdChoice::Tested(rate) => mix(4, rate.get().to_bits()),
    };
    let clusters = match question.clusters {
        None => 0,
        Some(Declustering::Intervals) => 1,
        Some(Declustering::Runs(length)) => mix(2, length as u64),
    };
    let flags = u64::from(question.judge_newest) << 1 | u64::from(question.intervals == IntervalKind::Profile);
    let parts = [values, levels, periods, threshold, clusters, question.coverage.get().to_bits(), flags];
    parts.into_iter().fold(0, mix).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use bellwether_models::tail::peaks_over_threshold::FalseDiscoveryRate;

    #[test]
    fn only_the_very_same_request_is_the_same_message() {
        let values: Vec<f64> = (0..100).map(f64::from).collect();
        let question = ExtremesQuestion::default();
        let same = identity(&values, &question);
        assert_eq!(identity(&values.clone(), &question.clone()), same);
        let mut middle = values.clone();
        middle[50] = 0.0;
        let others = [
            ExtremesQuestion { threshold: ThresholdChoice::Given(Threshold::Value(3.0)), ..question.clone() },
            ExtremesQuestion { return_periods: Some(vec![10.0.into()]), ..question.clone() },
            ExtremesQuestion { intervals: IntervalKind::Profile, ..question.clone() },
            ExtremesQuestion { clusters: Some(Declustering::Intervals), ..question.clone() },
            ExtremesQuestion { threshold: ThresholdChoice::Tested(FalseDiscoveryRate::default()), ..question.clone() },
            ExtremesQuestion { judge_newest: true, ..question.clone() },
        ];
        assert_ne!(identity(&middle, &question), same);
        for other in others {
            assert_ne!(identity(&values, &other), same, "{other:?}");
        }
    }
}
