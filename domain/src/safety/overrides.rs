//! Human overrides: fields that replace a model's until they expire.
use crate::types::{Capability, Fields, ServiceId, Timestamp};
use serde::{Deserialize, Serialize};

/// Fields that a human puts in place of a model's; the result is judged like any other output.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Override {
    /// Identity, unique for ever.
    pub id: String,
    /// Whose output.
    pub model: Capability,
    /// For which service; all services when absent.
    pub service: Option<ServiceId>,
    /// The fields, top level, that replace the model's.
    pub output: Fields,
    /// Why, in the operator's words.
    pub reason: String,
    /// Name of the key that set it.
    pub by: String,
    /// When it was set.
    pub created_at: Timestamp,
    /// When it ends by itself.
    pub expires_at: Timestamp,
}

impl Override {
    /// Whether it replaces fields of `model` for `service` at `now`; at `expires_at` it is over.
    #[must_use]
    pub fn applies(&self, model: Capability, service: &ServiceId, now: Timestamp) -> bool {
        self.model == model && now < self.expires_at && self.service.as_ref().is_none_or(|one| one == service)
    }
}

/// The one that counts of those that apply: a service's own before one for all services, then the newest.
pub(super) fn choose<'a>(
    overrides: &'a [Override],
    model: Capability,
    service: &ServiceId,
    now: Timestamp,
) -> Option<&'a Override> {
    let applying = overrides.iter().filter(|one| one.applies(model, service, now));
    applying.max_by_key(|one| (one.service.is_some(), one.created_at))
}

/// The overrides that are set, in the order in which they were added.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ActiveOverrides(Vec<Override>);

impl ActiveOverrides {
    /// None.
    #[must_use]
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// Adds one; one of the same id is replaced.
    pub fn add(&mut self, new: Override) {
        self.0.retain(|one| one.id != new.id);
        self.0.push(new);
    }

    /// Removes one and returns it.
    pub fn remove(&mut self, id: &str) -> Option<Override> {
        let index = self.0.iter().position(|one| one.id == id)?;
        Some(self.0.remove(index))
    }

    /// Removes those that are over at `now` and returns them.
    pub fn expire(&mut self, now: Timestamp) -> Vec<Override> {
        self.0.extract_if(.., |one| one.expires_at <= now).collect()
    }

    /// The one that counts for `model` and `service` at `now`: a service's own before one for all services, then the
    /// newest.
    #[must_use]
    pub fn find(&self, model: Capability, service: &ServiceId, now: Timestamp) -> Option<&Override> {
        choose(&self.0, model, service, now)
    }

    /// All of them, expired ones included until [`Self::expire`] takes them.
    #[must_use]
    pub fn as_slice(&self) -> &[Override] {
        &self.0
    }
}

impl FromIterator<Override> for ActiveOverrides {
    fn from_iter<I: IntoIterator<Item = Override>>(overrides: I) -> Self {
        let mut all = Self::new();
        overrides.into_iter().for_each(|one| all.add(one));
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(id: &str, service: Option<&str>, created: i64, expires: i64) -> Override {
        Override {
            id: id.to_owned(),
            model: Capability::Bandit,
            service: service.map(|name| ServiceId::new(name).unwrap()),
            output: Fields::new().with("canary_pct", 1.0),
            reason: "test".to_owned(),
            by: "me".to_owned(),
            created_at: Timestamp::from_milliseconds(created),
            expires_at: Timestamp::from_milliseconds(expires),
        }
    }

    #[test]
    fn the_specific_wins_then_the_newest_until_it_is_over() {
        let all = [
            set("old", Some("orders"), 1, 50),
            set("new", Some("orders"), 2, 40),
            set("late", None, 3, 60),
            set("same", None, 3, 60),
        ];
        let overrides: ActiveOverrides = all.into_iter().collect();
        for (model, service, now, expected) in [
            (Capability::Bandit, "orders", 0, Some("new")),
            (Capability::Bandit, "orders", 39, Some("new")),
            (Capability::Bandit, "orders", 40, Some("old")),
            (Capability::Bandit, "orders", 50, Some("same")),
            (Capability::Bandit, "orders", 60, None),
            (Capability::Bandit, "quotes", 0, Some("same")),
            (Capability::TailSlo, "orders", 0, None),
        ] {
            let found = overrides.find(model, &ServiceId::new(service).unwrap(), Timestamp::from_milliseconds(now));
            assert_eq!(found.map(|one| one.id.as_str()), expected, "{model} {service} {now}");
        }
    }

    #[test]
    fn expiring_returns_what_is_over_and_adding_replaces_by_id() {
        let mut overrides: ActiveOverrides = [set("a", None, 1, 10), set("b", None, 1, 20)].into_iter().collect();
        let ids = |all: &[Override]| all.iter().map(|one| one.id.clone()).collect::<Vec<_>>();
        assert_eq!(ids(&overrides.expire(Timestamp::from_milliseconds(9))), [""; 0]);
        assert_eq!(ids(&overrides.expire(Timestamp::from_milliseconds(10))), ["a"]);
        overrides.add(set("b", None, 1, 30));
        assert_eq!(ids(overrides.as_slice()), ["b"]);
        assert!(overrides.remove("b").is_some() && overrides.remove("b").is_none());
    }
}
