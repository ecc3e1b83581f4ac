//! How a decision comes about: the experiment it belongs to, the draw, and its way to the disk.
use super::live::{Change, LiveExperiment, Standing};
use super::messages::{Decide, Decided, Refused};
use super::owner::BanditActor;
use super::receipt::Receipt;
use super::spec::{ExperimentSpec, Misfit};
use crate::learning::{self, NotKept};
use crate::runtime::now;
use actix::Context;
use bellwether_domain::experiments::{Decision, DecisionId, DecisionMode, ExperimentEvent};
use bellwether_domain::ports::Append;
use bellwether_domain::safety::Failure;
use bellwether_models::optimize::bandit::{DrawKey, Mode};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::oneshot;

impl BanditActor {
    /// Draws an arm and puts the decision on its way to the disk.
    pub(super) fn decide(
        &mut self,
        ctx: &mut Context<Self>,
        asked: &Decide,
    ) -> Result<oneshot::Receiver<Result<Decided, NotKept>>, Refused> {
        if let Some(failure) = self.journal.failure() {
            return Err(Refused::Failure(Failure::Error(failure.to_string())));
        }
        self.ensure_exists(ctx, asked)?;
        let Decide { experiment, terms, canary, .. } = asked;
        let live = self.experiments.get(experiment).or_else(|| self.staged.get(experiment));
        let Some(live) = live else { return Err(Refused::Failure(Failure::Restarting)) };
        live.spec.check(terms).map_err(Refused::Misfit)?;
        let context = live.spec.vector(&terms.context).map_err(Refused::Misfit)?;
        let (answer, decided) = oneshot::channel();
        if live.standing == Standing::Retired {
            let _ = answer.send(Ok(baseline_of(live)));
            return Ok(decided);
        }
        let id = self.identities.generate().unwrap_or_else(|overflow| overflow.commit_overflow_random());
        let mode = mode(live.standing, asked.shadow);
        let drawn = live.model.decide(&context, *canary, mode, draw_key(asked, id));
        let drawn = drawn.map_err(|error| Refused::Misfit(Misfit::new("/context", error.to_string())))?;
        let (at, id) = (now(), DecisionId::new(id));
        let round = self.rounds.get(experiment).copied().unwrap_or(live.model.rounds()) + 1;
        let decision = Decision {
            id,
            experiment: experiment.clone(),
            at,
            mode: mode_of(mode),
            rewardable_until: at.plus(Duration::from_secs(live.spec.reward_timeout_s)),
            reward_range: live.spec.reward_range(),
            arm: place(drawn.arm),
            pick: drawn.pick.map(place),
            propensity: drawn.propensity,
            round,
            model_version: live.learnt,
            context: context.into(),
        };
        let made = Decided {
            id: Some(id),
            spec: Arc::clone(&live.spec),
            arm: drawn.arm,
            pick: drawn.pick,
            propensity: drawn.propensity,
            canary_pct: if mode == Mode::Live { canary.get() } else { 0.0 },
            explored: drawn.explored,
            scores: drawn.scores,
            model_version: decision.model_version,
        };
        self.rounds.insert(experiment.clone(), round);
        learning::append(self, ctx, Append::Decision(decision), Receipt::Decision(answer, Box::new(made)));
        Ok(decided)
    }

    /// The first request of an experiment creates it: its event goes into the same batch, before the decision.
    fn ensure_exists(&mut self, ctx: &mut Context<Self>, asked: &Decide) -> Result<(), Refused> {
        let Decide { experiment, terms, by, .. } = asked;
        if self.experiments.get(experiment).is_some() || self.staged.contains_key(experiment) {
            return Ok(());
        }
        let spec = ExperimentSpec::new(terms).map_err(Refused::Misfit)?;
        if let Some(why) = self.experiments.no_room_for(&spec, self.staged.len()) {
            return Err(Refused::Misfit(Misfit::new("/experiment", why)));
        }
        let at = now();
        let failed = |why: String| Refused::Failure(Failure::Error(why));
        let change = Change::Created(Box::new(spec.clone()));
        let document = serde_json::to_string(&change).map_err(|error| failed(error.to_string()))?;
        let live = LiveExperiment::new(spec, at, by).map_err(|error| failed(error.to_string()))?;
        self.staged.insert(experiment.clone(), live);
        let event = ExperimentEvent { experiment: experiment.clone(), at, by: by.clone(), document };
        learning::append(self, ctx, Append::Event(event), Receipt::Nobody);
        Ok(())
    }
}

/// Arms are at most 256.
fn place(arm: usize) -> u32 {
    u32::try_from(arm).unwrap_or(u32::MAX)
}

const fn mode(standing: Standing, shadow: bool) -> Mode {
    match (standing, shadow) {
        (Standing::Paused | Standing::Retired, _) => Mode::BaselineOnly,
        (_, true) => Mode::Shadow,
        _ => Mode::Live,
    }
}

const fn mode_of(mode: Mode) -> DecisionMode {
    match mode {
        Mode::Live => DecisionMode::Live,
        Mode::Shadow => DecisionMode::Shadow,
        Mode::BaselineOnly => DecisionMode::BaselineOnly,
    }
}

/// What all randomness of a decision follows from: itself, or the caller's key so that one key gets one arm.
fn draw_key(asked: &Decide, id: ulid::Ulid) -> DrawKey {
    match &asked.bucket_key {
        None => DrawKey::new(id.0),
        Some(key) => DrawKey::of_name([asked.experiment.as_str().as_bytes(), &[0], key.as_bytes()].concat().as_slice()),
    }
}

/// What everybody gets of an experiment that is over.
fn baseline_of(live: &LiveExperiment) -> Decided {
    Decided {
        id: None,
        spec: Arc::clone(&live.spec),
        arm: live.model.baseline(),
        pick: None,
        propensity: 1.0,
        canary_pct: 0.0,
        explored: false,
        scores: Vec::new(),
        model_version: live.learnt,
    }
}
