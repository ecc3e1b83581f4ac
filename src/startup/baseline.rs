//! The first configuration version, built into the program; and the version in force, compiled.
use crate::cli::Refusal;
use crate::settings::Settings;
use anyhow::Context as _;
use bellwether_actors::runtime::now;
use bellwether_domain::config::{ConfigDocument, ConfigVersion, VersionState};
use bellwether_domain::features::{Calendar, CalendarDocument, FeatureRegistry, FeaturesDocument};
use bellwether_domain::ports::{StateStore, StoredState, Write};
use bellwether_domain::safety::SafetyPolicy;
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;

const FEATURES: &str = include_str!("../../config/baseline/features.toml");
const SAFETY: &str = include_str!("../../config/baseline/safety.toml");
const CALENDAR: &str = include_str!("../../config/baseline/calendar.toml");

/// The configuration in force, ready for use.
#[derive(Debug, Clone)]
pub(super) struct InForce {
    pub(super) version: ConfigVersion,
    pub(super) policy: Arc<SafetyPolicy>,
    pub(super) registry: Arc<FeatureRegistry>,
    pub(super) calendar: Arc<Calendar>,
}

/// Puts the baseline into an empty store; a store that holds a version is the truth.
///
/// # Errors
/// The store cannot be written.
pub(super) fn seed(store: &mut impl StateStore, state: &mut StoredState) -> anyhow::Result<()> {
    if state.config.is_none() {
        let version = baseline()?;
        store.commit(&[Write::SeedConfig(version.clone())]).context("keeping the first configuration version")?;
        state.config = Some(version);
    }
    Ok(())
}

fn baseline() -> anyhow::Result<ConfigVersion> {
    let part = |name: &str, text: &str| -> anyhow::Result<serde_json::Value> {
        toml::from_str(text).with_context(|| format!("config/baseline/{name}.toml"))
    };
    let document = serde_json::json!({
        "safety": part("safety", SAFETY)?,
        "features": part("features", FEATURES)?,
        "calendar": part("calendar", CALENDAR)?,
    });
    let document = document.to_string();
    let mut hash = String::with_capacity(64);
    for byte in Sha256::digest(document.as_bytes()) {
        let _ = write!(hash, "{byte:02x}"); // writing to a string cannot fail
    }
    let id = format!("baseline-{}", &hash[..8]);
    Ok(ConfigVersion {
        id,
        hash,
        state: VersionState::Active,
        author: "baseline".to_owned(),
        created_at: now(),
        document,
    })
}

/// Compiles the version in force.
///
/// # Errors
/// Everything that is wrong with the stored document.
pub(super) fn in_force(state: &StoredState, settings: &Settings) -> anyhow::Result<InForce> {
    let version = state.config.clone().context("the store holds no configuration version")?;
    let damaged = |what: String| {
        let hint = "restore the store, or move the data directory away to start from the baseline";
        Refusal::new(format!("the stored configuration {} cannot be used: {what}", version.id), hint)
    };
    let document: ConfigDocument =
        serde_json::from_str(&version.document).map_err(|error| damaged(error.to_string()))?;
    let policy = SafetyPolicy::from_document(&document.safety).map_err(|errors| damaged(joined(&errors)))?;
    let features: FeaturesDocument = part(document.features).map_err(|why| damaged(why.to_string()))?;
    let calendar: CalendarDocument = part(document.calendar).map_err(|why| damaged(why.to_string()))?;
    let overrides: BTreeMap<String, i64> = settings
        .features
        .ttl_ms
        .iter()
        .map(|(name, ttl)| (name.to_string(), i64::try_from(ttl.get()).unwrap_or(i64::MAX)))
        .collect();
    let registry = FeatureRegistry::from_document(&features)
        .map_err(|errors| damaged(joined(&errors)))?
        .with_ttl_overrides(&overrides)
        .map_err(|errors| Refusal::new(joined(&errors), "use a name that the feature registry declares"))?;
    let calendar = Calendar::from_document(&calendar).map_err(|errors| damaged(joined(&errors)))?;
    Ok(InForce { version, policy: Arc::new(policy), registry: Arc::new(registry), calendar: Arc::new(calendar) })
}

fn part<T: DeserializeOwned>(value: serde_json::Value) -> serde_json::Result<T> {
    serde_json::from_value(value)
}

fn joined(errors: &[impl std::fmt::Display]) -> String {
    errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_baseline_compiles() {
        let state = StoredState { config: Some(baseline().unwrap()), ..StoredState::default() };
        let in_force = in_force(&state, &Settings::embedded().unwrap()).unwrap();
        assert!(in_force.registry.features().len() > 10);
    }

    #[test]
    fn a_stored_version_is_the_truth() {
        let mut store = bellwether_adapters::in_memory::InMemoryStore::new();
        let mut state = store.load().unwrap();
        seed(&mut store, &mut state).unwrap();
        let first = state.config.clone();
        seed(&mut store, &mut state).unwrap();
        assert_eq!((store.load().unwrap().config, state.config), (first.clone(), first));
    }
}
