//! The owner's door: each message waits until the owner has caught up, and is answered when what it did is on disk.
use super::live::ChangeRefused;
use super::messages::{ChangeExperiment, Decide, Decided, Refused, Reward, RewardOutcome, SaveExperiments};
use super::owner::BanditActor;
use super::receipt::Receipt;
use crate::learning::{self, NotKept};
use crate::runtime::{Injected, now};
use actix::{ActorFutureExt, Handler, ResponseActFuture, WrapFuture};
use bellwether_domain::ports::Append;
use bellwether_domain::safety::Failure;
use tokio::sync::oneshot;

/// What is said when the owner dies before it answers.
fn died() -> NotKept {
    NotKept("its owner died".to_owned())
}

fn injected() -> NotKept {
    NotKept("an injected fault".to_owned())
}

fn failure(why: NotKept) -> Refused {
    Refused::Failure(Failure::Error(why.to_string()))
}

impl Handler<Decide> for BanditActor {
    type Result = ResponseActFuture<Self, Result<Decided, Refused>>;

    fn handle(&mut self, asked: Decide, ctx: &mut Self::Context) -> Self::Result {
        let struck = self.struck();
        let spoil = struck == Some(Injected::Nan);
        if struck.is_some() && !spoil {
            return Box::pin(async { Err(failure(injected())) }.into_actor(self));
        }
        let begun = learning::when_caught_up(self, ctx, move |this, ctx| (this.decide(ctx, &asked), asked.slot));
        Box::pin(begun.then(move |(begun, slot), this, _| {
            let answered = async move {
                let mut decided = begun?.await.unwrap_or_else(|_| Err(died())).map_err(failure)?;
                drop(slot); // a decision counts as queued until it is durable
                if spoil {
                    decided.propensity = f64::NAN;
                }
                Ok(decided)
            };
            answered.into_actor(this)
        }))
    }
}

impl Handler<Reward> for BanditActor {
    type Result = ResponseActFuture<Self, Result<RewardOutcome, NotKept>>;

    fn handle(&mut self, Reward { slot, decision, value }: Reward, ctx: &mut Self::Context) -> Self::Result {
        if self.struck().is_some() {
            return Box::pin(async { Err(injected()) }.into_actor(self));
        }
        let begun = learning::when_caught_up(self, ctx, move |this, ctx| {
            if let Some(failure) = this.journal.failure() {
                return Err(failure.clone());
            }
            let (answer, outcome) = oneshot::channel();
            learning::append(this, ctx, Append::Reward { decision, value, at: now() }, Receipt::Reward(answer));
            Ok(outcome)
        });
        Box::pin(begun.then(move |begun, this, _| {
            let answered = async move {
                let _waiting = slot;
                begun?.await.unwrap_or_else(|_| Err(died()))
            };
            answered.into_actor(this)
        }))
    }
}

impl Handler<ChangeExperiment> for BanditActor {
    type Result = ResponseActFuture<Self, Result<Result<(), ChangeRefused>, NotKept>>;

    fn handle(&mut self, change: ChangeExperiment, ctx: &mut Self::Context) -> Self::Result {
        if self.struck().is_some() {
            return Box::pin(async { Err(injected()) }.into_actor(self));
        }
        let begun = learning::when_caught_up(self, ctx, move |this, ctx| {
            let (answer, outcome) = oneshot::channel();
            this.change(ctx, change, answer);
            outcome
        });
        Box::pin(
            begun
                .then(|outcome, this, _| async move { outcome.await.unwrap_or_else(|_| Err(died())) }.into_actor(this)),
        )
    }
}

impl Handler<SaveExperiments> for BanditActor {
    type Result = ResponseActFuture<Self, ()>;

    fn handle(&mut self, SaveExperiments { slot }: SaveExperiments, _: &mut Self::Context) -> Self::Result {
        let taken = learning::take_snapshot(self).into_actor(self).map(learning::keep_in_mind);
        Box::pin(taken.map(move |(), _, _| drop(slot)))
    }
}
