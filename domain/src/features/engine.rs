//! From observations to features: the state machine that one actor owns.
//!
//! Observations go in one by one ([`FeatureEngine::ingest`], well under a microsecond); once per tick the services that
//! changed are recomputed into immutable [`ServiceFeatures`] ([`FeatureEngine::refresh`]). A clone shares everything with
//! the original until either changes: it is the recovery snapshot.
use super::calendar::Calendar;
use super::feature_vector::{FeatureValue, ServiceFeatures};
use super::point_log::Point;
use super::recent_values::RecentValues;
use super::registry::{FeatureRegistry, Rule, SourcePlan};
use super::series::{Inserted, Series};
use super::service_state::{Entry, Refresh, Scratch, ServiceState};
use crate::types::{FeatureName, Observation, ServiceId, Timestamp};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

/// Observations older than this are refused.
pub const OLDEST: Duration = Duration::from_secs(24 * 3_600);
/// Observations further ahead of the clock than this are refused: they would push everything else out of the windows.
pub const FURTHEST_AHEAD: Duration = Duration::from_secs(5 * 60);

/// What became of an observation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Ingested {
    /// It is new; in its place in event time, and in its windows unless it is older than they reach.
    Accepted,
    /// Service, name and time are known already: the first value stays.
    Duplicate,
    /// It is older than [`OLDEST`]; nothing changed.
    TooOld,
    /// It is further ahead than [`FURTHEST_AHEAD`]; nothing changed.
    TooFarAhead,
    /// Its value is NaN or infinite; nothing changed.
    NotFinite,
}

/// What the engine holds at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EngineLimits {
    /// Series (service and name); beyond it the least recently touched go, about 1 % at a time.
    pub series: usize,
    /// Points of one series; beyond it the oldest go.
    pub points_per_series: usize,
    /// Points in all (16 bytes each); beyond it the series above their fair share lose their oldest points.
    pub points: usize,
}

impl Default for EngineLimits {
    /// 200,000 series of at most 5,000 points, 16 million points (256 MB) in all.
    fn default() -> Self {
        Self { series: 200_000, points_per_series: 5_000, points: 16_000_000 }
    }
}

/// Points that a series may always keep.
const SMALLEST_SHARE: usize = 64;

/// What the engine holds and what it let go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize)]
pub struct EngineStats {
    /// Services with at least one series.
    pub services: usize,
    /// Series.
    pub series: usize,
    /// Points of all series.
    pub points: usize,
    /// Accepted observations that were older than one of their windows.
    pub late: u64,
    /// Points dropped because their series, or all together, had too many.
    pub dropped_points: u64,
    /// Series dropped because there were too many.
    pub evicted_series: u64,
}

/// Features of all services, computed from observations in any order.
#[derive(Debug, Clone)]
pub struct FeatureEngine {
    registry: Arc<FeatureRegistry>,
    calendar: Arc<Calendar>,
    limits: EngineLimits,
    services: HashMap<ServiceId, Arc<ServiceState>>,
    /// Services changed since the last refresh, in the order of their first change.
    dirty: Vec<ServiceId>,
    /// Counts changes, so that series can be ordered by their last one.
    changes: u64,
    stats: EngineStats,
    scratch: Scratch,
}

impl FeatureEngine {
    /// An engine without observations.
    #[must_use]
    pub fn new(registry: impl Into<Arc<FeatureRegistry>>, calendar: impl Into<Arc<Calendar>>) -> Self {
        Self {
            registry: registry.into(),
            calendar: calendar.into(),
            limits: EngineLimits::default(),
            services: HashMap::new(),
            dirty: Vec::new(),
            changes: 0,
            stats: EngineStats::default(),
            scratch: Scratch::default(),
        }
    }

    /// The same with other limits.
    #[must_use]
    pub fn with_limits(self, limits: EngineLimits) -> Self {
        Self { limits, ..self }
    }

    /// The declared features.
    #[must_use]
    pub fn registry(&self) -> &Arc<FeatureRegistry> {
        &self.registry
    }

    /// What it holds and what it let go.
    #[must_use]
    pub fn stats(&self) -> EngineStats {
        EngineStats { services: self.services.len(), ..self.stats }
    }

    /// Takes an observation in. `now` is the clock's time, against which too old and too new ones are refused.
    pub fn ingest(&mut self, observation: &Observation, now: Timestamp) -> Ingested {
        let Observation { service, name, at, value } = observation;
        if !value.is_finite() {
            return Ingested::NotFinite;
        }
        if *at < now.minus(OLDEST) {
            return Ingested::TooOld;
        }
        if *at > now.plus(FURTHEST_AHEAD) {
            return Ingested::TooFarAhead;
        }
        let state = match self.services.get_mut(service) {
            Some(state) => Arc::make_mut(state),
            None => Arc::make_mut(self.services.entry(service.clone()).or_default()),
        };
        let (entry, is_new) = match state.series.get_mut(name) {
            Some(entry) => (entry, false),
            None => {
                let windows = self.registry.plan(name.as_str()).map(|plan| plan.windows.as_slice()).unwrap_or_default();
                let entry = Entry { series: Arc::new(Series::new(windows)), touched: 0, published: None };
                (state.series.entry(name.clone()).or_insert(entry), true)
            }
        };
        self.stats.series += usize::from(is_new);
        let series = Arc::make_mut(&mut entry.series);
        let (points, late) = (series.log().len(), series.late());
        match series.insert(Point { at: *at, value: *value }, self.limits.points_per_series) {
            Inserted::Duplicate => return Ingested::Duplicate,
            Inserted::Beyond => {
                self.stats.dropped_points += 1;
                return Ingested::Accepted;
            }
            Inserted::New => {}
        }
        let share = (self.limits.points / self.stats.series).max(SMALLEST_SHARE);
        if self.stats.points >= self.limits.points && series.log().len() > share {
            // Two for one, so that the series above their share shrink to it.
            series.drop_oldest();
            series.drop_oldest();
        }
        self.stats.points = self.stats.points + series.log().len() - points;
        self.stats.dropped_points += (points + 1 - series.log().len()) as u64;
        self.stats.late += series.late() - late;
        self.changes += 1;
        entry.touched = self.changes;
        entry.published = None;
        if !std::mem::replace(&mut state.dirty, true) {
            self.dirty.push(service.clone());
        }
        if self.stats.series > self.limits.series {
            self.evict();
        }
        Ingested::Accepted
    }

    /// Drops the series that were touched least recently: one in a hundred, at least one.
    fn evict(&mut self) {
        let mut ages: Vec<(u64, &ServiceId, &FeatureName)> = self
            .services
            .iter()
            .flat_map(|(service, state)| state.series.iter().map(move |(name, entry)| (entry.touched, service, name)))
            .collect();
        let batch = (self.limits.series / 100).max(1).min(ages.len());
        let Some(last) = batch.checked_sub(1) else { return };
        ages.select_nth_unstable_by_key(last, |(touched, ..)| *touched);
        let leaving: Vec<(ServiceId, FeatureName)> =
            ages.iter().take(batch).map(|(_, service, name)| ((*service).clone(), (*name).clone())).collect();
        for (service, name) in leaving {
            let Some(state) = self.services.get_mut(&service).map(Arc::make_mut) else { continue };
            let Some(entry) = state.series.remove(&name) else { continue };
            self.stats.series -= 1;
            self.stats.points -= entry.series.log().len();
            self.stats.evicted_series += 1;
            if !std::mem::replace(&mut state.dirty, true) {
                self.dirty.push(service);
            }
        }
    }

    /// Recomputes the services that changed since the last refresh, in the order of their first change. A service whose
    /// last series was evicted comes out once more, empty: its readers may forget it.
    pub fn refresh(&mut self, now: Timestamp) -> Vec<(ServiceId, Arc<ServiceFeatures>)> {
        let refresh =
            Refresh { registry: &self.registry, calendar: &self.calendar, moment: self.calendar.at(now), now };
        let mut refreshed = Vec::with_capacity(self.dirty.len());
        for service in self.dirty.drain(..) {
            let Some(state) = self.services.get_mut(&service) else { continue };
            let features = if state.series.is_empty() {
                self.services.remove(&service);
                refresh.empty(&service)
            } else {
                let state = Arc::make_mut(state);
                state.dirty = false;
                state.publish(&service, refresh, &mut self.scratch)
            };
            refreshed.push((service, Arc::new(features)));
        }
        refreshed
    }

    /// The declared calendar features at `now`, which are the same for every service; sorted by name.
    #[must_use]
    pub fn calendar_features(&self, now: Timestamp) -> Vec<FeatureValue> {
        let moment = self.calendar.at(now);
        let declared = self.registry.features().iter().filter_map(|spec| match spec.rule {
            Rule::Calendar(field) => Some((spec, field)),
            _ => None,
        });
        declared
            .map(|(spec, field)| FeatureValue {
                name: spec.name.clone(),
                value: moment.value(field),
                as_of: now,
                ttl: spec.ttl,
                kind: spec.kind,
                registered: true,
                calendar: Some(field),
            })
            .collect()
    }

    /// The latest values of an observed name, those since the last refresh included.
    #[must_use]
    pub fn recent(&self, service: &ServiceId, name: &FeatureName) -> Option<RecentValues> {
        let entry = self.services.get(service)?.series.get(name)?;
        Some(RecentValues::new(entry.series.log().clone()))
    }

    /// Changes what is declared and keeps all observations: windows are rebuilt from them, all services come out of the
    /// next refresh. Costs time in proportion to all points.
    pub fn reconfigure(&mut self, registry: impl Into<Arc<FeatureRegistry>>, calendar: impl Into<Arc<Calendar>>) {
        (self.registry, self.calendar) = (registry.into(), calendar.into());
        let nothing = SourcePlan::default();
        for (service, state) in &mut self.services {
            let state = Arc::make_mut(state);
            for (name, entry) in &mut state.series {
                let plan = self.registry.plan(name.as_str()).unwrap_or(&nothing);
                entry.series = Arc::new(entry.series.with_windows(&plan.windows));
                entry.published = None;
            }
            if !std::mem::replace(&mut state.dirty, true) {
                self.dirty.push(service.clone());
            }
        }
    }
}
