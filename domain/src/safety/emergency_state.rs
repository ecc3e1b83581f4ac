//! The brake of every scope together: what holds for a request, and how the brake is released.
use super::emergency_mode::{Behaviour, EmergencyEntry, Scope};
use crate::types::{Capability, ServiceId, Timestamp};
use std::collections::BTreeMap;

/// One entry per scope ever set.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct EmergencyState {
    entries: BTreeMap<Scope, EmergencyEntry>,
    /// Whether any entry is on: the usual "no" costs one branch.
    any_active: bool,
}

impl EmergencyState {
    /// Nothing was ever set.
    #[must_use]
    pub const fn new() -> Self {
        Self { entries: BTreeMap::new(), any_active: false }
    }

    /// Sets the brake of the entry's scope; returns what it replaces. The last word counts, whatever its time: clocks
    /// of pods differ.
    pub fn apply(&mut self, entry: EmergencyEntry) -> Option<EmergencyEntry> {
        let former = self.entries.insert(entry.scope.clone(), entry);
        self.any_active = self.entries.values().any(|one| one.active);
        former
    }

    /// The entry that holds for a request: `block` before `fallback`, then the wider scope.
    #[must_use]
    pub fn in_force(&self, model: Capability, service: &ServiceId) -> Option<&EmergencyEntry> {
        if !self.any_active {
            return None;
        }
        let scopes = [Scope::Global, Scope::Model(model), Scope::Service(service.clone())];
        let mut holding = scopes.iter().filter_map(|scope| self.entries.get(scope)).filter(|one| one.active);
        let first = holding.next()?;
        if first.behaviour == Behaviour::Block {
            return Some(first);
        }
        holding.find(|one| one.behaviour == Behaviour::Block).or(Some(first))
    }

    /// Whether the brake is on anywhere.
    #[must_use]
    pub const fn any_active(&self) -> bool {
        self.any_active
    }

    /// The entry of exactly this scope.
    #[must_use]
    pub fn entry(&self, scope: &Scope) -> Option<&EmergencyEntry> {
        self.entries.get(scope)
    }

    /// All entries, released ones included: global, then models, then services.
    pub fn entries(&self) -> impl Iterator<Item = &EmergencyEntry> {
        self.entries.values()
    }
}

impl FromIterator<EmergencyEntry> for EmergencyState {
    fn from_iter<I: IntoIterator<Item = EmergencyEntry>>(entries: I) -> Self {
        let mut state = Self::new();
        for entry in entries {
            state.apply(entry);
        }
        state
    }
}

/// What became of a request to release the brake.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReleaseDecision {
    /// The brake may be released now (or was not on).
    Released,
    /// More admins must ask.
    Waiting {
        /// Different admins so far.
        have: usize,
        /// Different admins needed.
        need: usize,
    },
}

/// One admin's wish to release a scope.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Approval {
    /// Name of the key.
    pub by: String,
    /// When.
    pub at: Timestamp,
}

/// Wishes to release that are not enough yet. They belong to one engagement: when the brake is engaged again, on this
/// pod or another, they are void.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ReleaseApprovals {
    /// By scope: the engagement's `since` and who wants it released.
    collected: BTreeMap<Scope, (Timestamp, Vec<Approval>)>,
}

impl ReleaseApprovals {
    /// None.
    #[must_use]
    pub const fn new() -> Self {
        Self { collected: BTreeMap::new() }
    }

    /// Voids what was collected for the scope; call it when the brake is engaged.
    pub fn engaged(&mut self, scope: &Scope) {
        self.collected.remove(scope);
    }

    /// Adds an admin's wish; `required` different ones release (0 counts as 1). The same admin counts once. A scope
    /// whose brake is not on is released already.
    pub fn request_release(
        &mut self,
        state: &EmergencyState,
        scope: &Scope,
        by: &str,
        required: usize,
        now: Timestamp,
    ) -> ReleaseDecision {
        let Some(entry) = state.entry(scope).filter(|entry| entry.active) else {
            self.collected.remove(scope);
            return ReleaseDecision::Released;
        };
        let (since, approvals) = self.collected.entry(scope.clone()).or_insert((entry.since, Vec::new()));
        if *since != entry.since {
            (*since, *approvals) = (entry.since, Vec::new());
        }
        if approvals.iter().all(|one| one.by != by) {
            approvals.push(Approval { by: by.to_owned(), at: now });
        }
        let (have, need) = (approvals.len(), required.max(1));
        if have < need {
            return ReleaseDecision::Waiting { have, need };
        }
        self.collected.remove(scope);
        ReleaseDecision::Released
    }

    /// Who wants the scope released, first come first.
    #[must_use]
    pub fn collected(&self, scope: &Scope) -> &[Approval] {
        self.collected.get(scope).map_or(&[], |(_, approvals)| approvals)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(milliseconds: i64) -> Timestamp {
        Timestamp::from_milliseconds(milliseconds)
    }

    fn entry(scope: &str, active: bool, behaviour: Behaviour) -> EmergencyEntry {
        let (reason, by) = ("drill".to_owned(), "ops".to_owned());
        EmergencyEntry { scope: scope.parse().unwrap(), active, behaviour, reason, by, since: at(1) }
    }

    #[test]
    fn block_beats_fallback_and_released_scopes_do_not_hold() {
        use Behaviour::{Block, Fallback};
        type Case = (&'static [(&'static str, bool, Behaviour)], Option<(&'static str, Behaviour)>);
        let cases: [Case; 7] = [
            (&[], None),
            (&[("global", false, Block)], None),
            (&[("global", true, Fallback)], Some(("global", Fallback))),
            (&[("global", true, Fallback), ("service:orders", true, Block)], Some(("service:orders", Block))),
            (&[("global", true, Block), ("model:bandit", true, Block)], Some(("global", Block))),
            (&[("model:tail_slo", true, Block), ("service:quotes", true, Block)], None),
            (&[("global", true, Block), ("global", false, Block)], None),
        ];
        for (entries, expected) in cases {
            let state: EmergencyState =
                entries.iter().map(|(scope, active, behaviour)| entry(scope, *active, *behaviour)).collect();
            let found = state.in_force(Capability::Bandit, &ServiceId::new("orders").unwrap());
            let found = found.map(|one| (one.scope.to_string(), one.behaviour));
            assert_eq!(found, expected.map(|(scope, behaviour)| (scope.to_owned(), behaviour)), "{entries:?}");
        }
    }

    #[test]
    fn release_takes_different_admins_of_one_engagement() {
        use ReleaseDecision::{Released, Waiting};
        let mut state: EmergencyState = [entry("global", true, Behaviour::Block)].into_iter().collect();
        let mut approvals = ReleaseApprovals::new();
        let global = Scope::Global;
        let mut ask = |state: &EmergencyState, by| approvals.request_release(state, &global, by, 2, at(5));
        assert_eq!(ask(&state, "ann"), Waiting { have: 1, need: 2 });
        assert_eq!(ask(&state, "ann"), Waiting { have: 1, need: 2 });
        state.apply(EmergencyEntry { since: at(9), ..entry("global", true, Behaviour::Block) });
        assert_eq!(ask(&state, "bob"), Waiting { have: 1, need: 2 }, "engaged again: ann's wish is void");
        assert_eq!(ask(&state, "ann"), Released);
        assert_eq!(ask(&state, "eve"), Waiting { have: 1, need: 2 }, "nothing is left over");
        state.apply(entry("global", false, Behaviour::Block));
        assert_eq!(ask(&state, "bob"), Released, "not on");
        assert_eq!(approvals.collected(&global), []);
    }

    #[test]
    fn engaging_voids_and_zero_needs_one() {
        let state: EmergencyState = [entry("global", true, Behaviour::Block)].into_iter().collect();
        let mut approvals = ReleaseApprovals::new();
        approvals.request_release(&state, &Scope::Global, "ann", 3, at(5));
        assert_eq!(approvals.collected(&Scope::Global), [Approval { by: "ann".to_owned(), at: at(5) }]);
        approvals.engaged(&Scope::Global);
        assert_eq!(approvals.collected(&Scope::Global), []);
        let decision = approvals.request_release(&state, &Scope::Global, "ann", 0, at(5));
        assert_eq!(decision, ReleaseDecision::Released);
    }
}
