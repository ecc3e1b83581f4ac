//! What a supervisor does when a child ends: a state machine that the runtime asks and obeys.
//!
//! | policy \ exit | stopped | panicked, failed, hung, gave up |
//! | --- | --- | --- |
//! | permanent | restart | restart |
//! | transient | forget | restart |
//! | temporary | forget | forget |
//!
//! A restart touches the child alone (one-for-one), all children (one-for-all), or the child and those started after it
//! (rest-for-one). One restart more than the intensity accepts, and the supervisor gives up: it stops its children and
//! ends itself, for its own supervisor to decide.
use super::{Backoff, RestartHistory, RestartIntensity};
use std::time::Duration;

/// When a child that ended is started again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RestartPolicy {
    /// Always.
    Permanent,
    /// Only after a failure.
    Transient,
    /// Never.
    Temporary,
}

/// Whom a child's failure concerns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Strategy {
    /// The child alone.
    OneForOne,
    /// All children.
    OneForAll,
    /// The child and those that were started after it.
    RestForOne,
}

/// How a child ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Exit {
    /// By itself, nothing wrong.
    Stopped,
    /// A handler panicked.
    Panicked,
    /// Its factory refused, or it reported an error that ends it.
    Failed,
    /// It stopped answering heartbeats and was abandoned.
    Hung,
    /// It is a supervisor whose children failed too often.
    GaveUp,
}

impl Exit {
    /// The metric label `cause`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Stopped => "stopped",
            Self::Panicked => "panic",
            Self::Failed => "error",
            Self::Hung => "hang",
            Self::GaveUp => "gave_up",
        }
    }
}

/// What a supervisor has to do next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// Stop those of `children` that still run (in reverse order), wait, start all of them in order.
    Restart {
        /// Indices in start order; the one that ended is among them.
        children: Vec<usize>,
        /// The wait.
        after: Duration,
    },
    /// Leave it ended.
    Forget,
    /// Too many restarts: stop all children in reverse order and end.
    GiveUp,
    /// The child was being restarted already (a sibling's failure): nothing to do.
    Ignore,
}

/// The part of a child's specification that the rules need.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChildRule {
    /// When it is started again.
    pub restart: RestartPolicy,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ChildState {
    Running { since: Duration },
    Restarting,
    Ended,
}

#[derive(Debug, Clone)]
struct Child {
    rule: ChildRule,
    state: ChildState,
    failures_in_a_row: u32,
}

/// The state machine of one supervisor.
#[derive(Debug, Clone)]
pub struct SupervisorRules {
    strategy: Strategy,
    backoff: Backoff,
    intensity: RestartIntensity,
    history: RestartHistory,
    children: Vec<Child>,
    gave_up: bool,
}

impl SupervisorRules {
    /// All children about to be started.
    #[must_use]
    pub fn new(strategy: Strategy, intensity: RestartIntensity, backoff: Backoff, children: &[ChildRule]) -> Self {
        let child = |rule: &ChildRule| Child { rule: *rule, state: ChildState::Restarting, failures_in_a_row: 0 };
        Self {
            strategy,
            backoff,
            intensity,
            history: RestartHistory::new(intensity),
            children: children.iter().map(child).collect(),
            gave_up: false,
        }
    }

    /// Child `index` was started at `now`.
    pub fn started(&mut self, index: usize, now: Duration) {
        if let Some(child) = self.children.get_mut(index) {
            child.state = ChildState::Running { since: now };
        }
    }

    /// Child `index` ended at `now`; `uniform` is a draw from [0, 1) for the jitter.
    pub fn ended(&mut self, index: usize, exit: Exit, now: Duration, uniform: f64) -> Decision {
        if self.gave_up {
            return Decision::Ignore;
        }
        let (strategy, within, backoff) = (self.strategy, self.intensity.within, self.backoff);
        let Some(child) = self.children.get_mut(index) else { return Decision::Ignore };
        if child.state == ChildState::Ended {
            return Decision::Ignore;
        }
        let restarted = match child.rule.restart {
            RestartPolicy::Permanent => true,
            RestartPolicy::Transient => exit != Exit::Stopped,
            RestartPolicy::Temporary => false,
        };
        if !restarted {
            child.state = ChildState::Ended;
            return Decision::Forget;
        }
        if let ChildState::Running { since } = child.state
            && now.saturating_sub(since) > within
        {
            child.failures_in_a_row = 0; // it ran long enough: the back-off starts anew
        }
        let after = backoff.delay(child.failures_in_a_row, uniform);
        child.failures_in_a_row = child.failures_in_a_row.saturating_add(1);
        if !self.history.accept(now) {
            self.gave_up = true;
            return Decision::GiveUp;
        }
        let touched = match strategy {
            Strategy::OneForOne => index..index + 1,
            Strategy::OneForAll => 0..self.children.len(),
            Strategy::RestForOne => index..self.children.len(),
        };
        let children: Vec<usize> =
            touched.filter(|at| *at == index || self.children[*at].state != ChildState::Ended).collect();
        for at in &children {
            self.children[*at].state = ChildState::Restarting;
        }
        Decision::Restart { children, after }
    }

    /// Whether the supervisor has given up.
    #[must_use]
    pub const fn gave_up(&self) -> bool {
        self.gave_up
    }
}

#[cfg(test)]
mod tests {
    use super::{
        Backoff, ChildRule, Decision, Duration, Exit, RestartIntensity, RestartPolicy, Strategy, SupervisorRules,
    };
    use proptest::prelude::{prop, prop_assert, prop_assert_eq, proptest};

    const ALL: [Exit; 5] = [Exit::Stopped, Exit::Panicked, Exit::Failed, Exit::Hung, Exit::GaveUp];

    fn rules(strategy: Strategy, max_restarts: u32, policies: &[RestartPolicy]) -> SupervisorRules {
        let backoff = Backoff::new(Duration::from_millis(50), Duration::from_secs(1), 2.0, 0.5).unwrap();
        let intensity = RestartIntensity { max_restarts, within: Duration::from_secs(10) };
        let children: Vec<ChildRule> = policies.iter().map(|restart| ChildRule { restart: *restart }).collect();
        let mut rules = SupervisorRules::new(strategy, intensity, backoff, &children);
        (0..policies.len()).for_each(|index| rules.started(index, Duration::ZERO));
        rules
    }

    #[test]
    fn policy_and_exit_decide_whether_a_child_comes_back() {
        for exit in ALL {
            for (policy, back) in [
                (RestartPolicy::Permanent, true),
                (RestartPolicy::Transient, exit != Exit::Stopped),
                (RestartPolicy::Temporary, false),
            ] {
                let decision = rules(Strategy::OneForOne, 5, &[policy]).ended(0, exit, Duration::from_secs(1), 0.0);
                assert_eq!(matches!(decision, Decision::Restart { .. }), back, "{policy:?} {exit:?}");
            }
        }
    }

    #[test]
    fn strategy_decides_who_is_restarted() {
        for (strategy, expected) in
            [(Strategy::OneForOne, vec![1]), (Strategy::OneForAll, vec![0, 1, 2]), (Strategy::RestForOne, vec![1, 2])]
        {
            let decision = rules(strategy, 5, &[RestartPolicy::Permanent; 3]).ended(
                1,
                Exit::Panicked,
                Duration::from_secs(1),
                0.0,
            );
            assert_eq!(decision, Decision::Restart { children: expected, after: Duration::ZERO });
        }
    }

    #[test]
    fn waits_grow_with_failures_in_a_row_and_start_anew_after_a_quiet_window() {
        let mut rules = rules(Strategy::OneForOne, 100, &[RestartPolicy::Permanent]);
        let mut waits = Vec::new();
        for at in [1_000, 1_001, 1_002, 20_000] {
            let now = Duration::from_millis(at);
            if let Decision::Restart { after, .. } = rules.ended(0, Exit::Panicked, now, 0.0) {
                waits.push(after.as_millis());
            }
            rules.started(0, now);
        }
        assert_eq!(waits, [0, 50, 100, 0]);
    }

    proptest! {
        /// Any sequence of failures ends healthy or escalated: a child that should run is running, being restarted, or the
        /// supervisor has given up; never is one silently missing.
        #[test]
        fn no_sequence_of_failures_leaves_a_child_silently_missing(
            strategy in prop::sample::select(vec![Strategy::OneForOne, Strategy::OneForAll, Strategy::RestForOne]),
            policies in prop::collection::vec(prop::sample::select(vec![RestartPolicy::Permanent, RestartPolicy::Transient, RestartPolicy::Temporary]), 1..6),
            events in prop::collection::vec((0usize..6, 0usize..5, 0u64..3_000), 0..60),
        ) {
            let mut rules = rules(strategy, 5, &policies);
            let mut running = vec![true; policies.len()];
            let mut should_run = vec![true; policies.len()];
            let mut now = Duration::ZERO;
            for (child, exit, wait) in events {
                let (child, exit) = (child % policies.len(), ALL[exit]);
                now += Duration::from_millis(wait);
                if !running[child] { continue; }
                running[child] = false;
                match rules.ended(child, exit, now, 0.3) {
                    Decision::Restart { children, after } => {
                        prop_assert!(children.contains(&child));
                        prop_assert!(after <= Duration::from_secs(1));
                        for index in children { rules.started(index, now + after); running[index] = true; }
                    }
                    Decision::Forget => {
                        prop_assert!(policies[child] == RestartPolicy::Temporary || (policies[child] == RestartPolicy::Transient && exit == Exit::Stopped));
                        should_run[child] = false;
                    }
                    Decision::GiveUp => { prop_assert!(rules.gave_up()); return Ok(()); }
                    Decision::Ignore => prop_assert!(false, "a running child's end was ignored"),
                }
                prop_assert_eq!(&running, &should_run);
            }
        }
    }
}
