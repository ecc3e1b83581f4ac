//! The online learners: models that learn while they serve, each on a thread of its own.
use super::tree::MODEL_FAULTS;
use bellwether_actors::learning::CaughtUp;
use bellwether_actors::models::bandit::{BanditActor, BanditOptions, BanditReader};
use bellwether_actors::models::regime_detection::{
    MOST_STREAMS, RegimeDetectionActor, RegimeDetectionOptions, RegimeReader,
};
use bellwether_actors::runtime::{
    ChildSpec, Handle, Heartbeat, LeakedThreads, Placement, SupervisionOptions, SupervisorSpec, ThreadSlot,
};
use bellwether_actors::store::StateStoreActor;
use bellwether_domain::supervision::Strategy;
use bellwether_domain::types::Capability;

/// Messages that may wait for an online learner; the next caller gets the fallback.
const LEARNER_QUEUE: usize = 1024;

/// The learners' supervisor, and how they are reached.
pub(super) struct Learners {
    pub(super) supervisor: SupervisorSpec,
    pub(super) bandit: Handle<BanditActor>,
    pub(super) experiments: BanditReader,
    pub(super) regime_detection: Handle<RegimeDetectionActor>,
    pub(super) streams: RegimeReader,
    pub(super) caught_up: Vec<CaughtUp>,
}

/// Builds them; nothing runs yet.
pub(super) fn grow(
    supervision: &SupervisionOptions,
    store: &Handle<StateStoreActor>,
    leaked: &LeakedThreads,
    heartbeat: Heartbeat,
) -> Learners {
    let board = &supervision.board;
    let (bandit_name, regime_name) = (Capability::Bandit.stem().into(), Capability::RegimeDetection.stem().into());
    let thread = |name| Placement::Thread(ThreadSlot::start(name, leaked.clone()));

    let (experiments, bandit_caught_up) = (BanditReader::default(), CaughtUp::new(false));
    let bandit_options = BanditOptions {
        store: store.clone(),
        reader: experiments.clone(),
        caught_up: bandit_caught_up.clone(),
        faults: supervision.faults.point(&bandit_name, MODEL_FAULTS),
    };
    let bandit = Handle::new(bandit_name, LEARNER_QUEUE);
    let factory = BanditActor::factory(bandit_options);
    let bandit_child = ChildSpec::new(board, &bandit, None, thread("bandit"), heartbeat, factory);

    let (streams, regime_caught_up) = (RegimeReader::default(), CaughtUp::new(false));
    let regime_options = RegimeDetectionOptions {
        store: store.clone(),
        reader: streams.clone(),
        caught_up: regime_caught_up.clone(),
        most_streams: MOST_STREAMS,
        faults: supervision.faults.point(&regime_name, MODEL_FAULTS),
    };
    let regime_detection = Handle::new(regime_name, LEARNER_QUEUE);
    let factory = RegimeDetectionActor::factory(regime_options);
    let regime_child = ChildSpec::new(board, &regime_detection, None, thread("regime"), heartbeat, factory);

    let supervisor = SupervisorSpec {
        name: "learners".into(),
        strategy: Strategy::OneForOne,
        children: vec![bandit_child, regime_child],
        options: supervision.clone(),
    };
    let caught_up = vec![bandit_caught_up, regime_caught_up];
    Learners { supervisor, bandit, experiments, regime_detection, streams, caught_up }
}
