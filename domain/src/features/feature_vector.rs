//! The features of one service as readers see them: immutable, sorted by name, aged when read.
use super::calendar::{Calendar, CalendarField, CalendarMoment};
use super::document::FeatureType;
use super::recent_values::RecentValues;
use crate::types::{FeatureName, ServiceId, Timestamp};
use serde::ser::{Serialize, SerializeMap, SerializeStruct, Serializer};
use std::sync::Arc;
use std::time::Duration;

/// One feature of one service.
#[derive(Debug, Clone, PartialEq)]
pub struct FeatureValue {
    /// Its name.
    pub name: FeatureName,
    /// Its value, finite, in the registry's unit.
    pub value: f64,
    /// Event time of the newest observation in it; of a derived feature, of its oldest input.
    pub as_of: Timestamp,
    /// Age beyond which it is stale.
    pub ttl: Duration,
    /// How current it is.
    pub kind: FeatureType,
    /// Whether the registry declares it; else it is the last observation of that name.
    pub registered: bool,
    /// Set for a calendar feature: it is computed for the moment of reading.
    pub(super) calendar: Option<CalendarField>,
}

/// A feature as it is at the moment of reading.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Reading {
    /// The value, finite.
    pub value: f64,
    /// What it is the state of.
    pub as_of: Timestamp,
    /// Whether it is older than its time to live.
    pub stale: bool,
}

impl Reading {
    /// The value unless it is stale.
    #[must_use]
    pub fn fresh(&self) -> Option<f64> {
        (!self.stale).then_some(self.value)
    }
}

impl FeatureValue {
    /// Whether it is older than its time to live at `now`.
    #[must_use]
    pub fn is_stale(&self, now: Timestamp) -> bool {
        now.since(self.as_of) > self.ttl
    }
}

/// All features of one service at its last refresh.
///
/// Staleness is never stored: each reading compares with the time that the reader gives. Calendar features are a function
/// of that time, so they are exact and fresh even when the service fell silent.
#[derive(Debug, Clone)]
pub struct ServiceFeatures {
    service: ServiceId,
    /// Sorted by name.
    values: Vec<FeatureValue>,
    /// Sorted by name.
    recent: Vec<(FeatureName, RecentValues)>,
    calendar: Arc<Calendar>,
    moment: CalendarMoment,
}

impl ServiceFeatures {
    pub(super) fn new(
        service: ServiceId,
        values: Vec<FeatureValue>,
        mut recent: Vec<(FeatureName, RecentValues)>,
        calendar: Arc<Calendar>,
        moment: CalendarMoment,
    ) -> Self {
        recent.sort_by(|left, right| left.0.cmp(&right.0));
        Self { service, values, recent, calendar, moment }
    }

    /// Whose features these are.
    #[must_use]
    pub fn service(&self) -> &ServiceId {
        &self.service
    }

    /// The features as refreshed, sorted by name; empty once the service was forgotten.
    #[must_use]
    pub fn values(&self) -> &[FeatureValue] {
        &self.values
    }

    /// The feature as refreshed.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&FeatureValue> {
        self.values.binary_search_by(|value| value.name.as_str().cmp(name)).ok().map(|index| &self.values[index])
    }

    /// The feature as it is at `now`.
    #[must_use]
    pub fn read(&self, name: &str, now: Timestamp) -> Option<Reading> {
        self.get(name).map(|value| self.reading(value, self.moment_at(now), now))
    }

    /// The latest values of an observed name.
    #[must_use]
    pub fn recent(&self, name: &str) -> Option<&RecentValues> {
        self.recent.binary_search_by(|(known, _)| known.as_str().cmp(name)).ok().map(|index| &self.recent[index].1)
    }

    /// All features as they are at `now`; serialises to `{name: {value, as_of, stale}}`.
    #[must_use]
    pub fn view(&self, now: Timestamp) -> FeaturesView<'_> {
        FeaturesView { features: self, moment: self.moment_at(now), now, only: None }
    }

    fn moment_at(&self, now: Timestamp) -> CalendarMoment {
        if self.moment.covers(now) { self.moment } else { self.calendar.at(now) }
    }

    fn reading(&self, value: &FeatureValue, moment: CalendarMoment, now: Timestamp) -> Reading {
        match value.calendar {
            Some(field) => Reading { value: moment.value(field), as_of: now, stale: false },
            None => Reading { value: value.value, as_of: value.as_of, stale: value.is_stale(now) },
        }
    }
}

/// Features at a moment of reading, ready to be serialised as `{name: {value, as_of, stale}}`.
#[derive(Debug, Clone, Copy)]
pub struct FeaturesView<'a> {
    features: &'a ServiceFeatures,
    moment: CalendarMoment,
    now: Timestamp,
    only: Option<&'a [&'a str]>,
}

impl<'a> FeaturesView<'a> {
    /// Only these names, in this order; unknown ones are left out.
    #[must_use]
    pub fn only(self, names: &'a [&'a str]) -> Self {
        Self { only: Some(names), ..self }
    }

    /// Names and readings in order.
    pub fn iter(&self) -> impl Iterator<Item = (&'a FeatureName, Reading)> {
        let Self { features, moment, now, only } = *self;
        let chosen = only.unwrap_or_default().iter().filter_map(move |name| features.get(name));
        let all = features.values.iter().take(if only.is_none() { usize::MAX } else { 0 });
        all.chain(chosen).map(move |value| (&value.name, features.reading(value, moment, now)))
    }
}

impl Serialize for FeaturesView<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        // Most features of a service share their time, whose text costs more than all the rest.
        let mut written: Option<(Timestamp, String)> = None;
        for (name, reading) in self.iter() {
            let text = match written.take() {
                Some((time, text)) if time == reading.as_of => text,
                _ => reading.as_of.to_string(),
            };
            map.serialize_entry(name.as_str(), &Entry { reading: &reading, as_of: &text })?;
            written = Some((reading.as_of, text));
        }
        map.end()
    }
}

struct Entry<'a> {
    reading: &'a Reading,
    as_of: &'a str,
}

impl Serialize for Entry<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut entry = serializer.serialize_struct("Reading", 3)?;
        entry.serialize_field("value", &self.reading.value)?;
        entry.serialize_field("as_of", self.as_of)?;
        entry.serialize_field("stale", &self.reading.stale)?;
        entry.end()
    }
}
