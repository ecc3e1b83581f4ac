//! All series of one service, and how they become its published features.
use super::calendar::{Calendar, CalendarMoment};
use super::document::FeatureType;
use super::feature_vector::{FeatureValue, ServiceFeatures};
use super::recent_values::RecentValues;
use super::registry::{Aggregate, FeatureRegistry, Rule, SourcePlan};
use super::rolling_window::RollingWindow;
use super::series::Series;
use crate::types::{FeatureName, ServiceId, Timestamp};
use std::collections::HashMap;
use std::sync::Arc;

/// A value and what it is the state of.
type Slot = Option<(f64, Timestamp)>;

/// A series with what was published of it.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub(super) series: Arc<Series>,
    /// When it last changed, in the engine's own count.
    pub(super) touched: u64,
    /// Absent since the last change.
    pub(super) published: Option<Arc<Published>>,
}

/// What a series contributes until it changes.
#[derive(Debug)]
pub(super) struct Published {
    /// Declared features (index into the registry) and their values.
    outputs: Vec<(usize, f64)>,
    last: f64,
    as_of: Timestamp,
    recent: RecentValues,
}

/// All series of one service.
#[derive(Debug, Clone, Default)]
pub(super) struct ServiceState {
    pub(super) series: HashMap<FeatureName, Entry>,
    /// Whether it changed since it was published.
    pub(super) dirty: bool,
}

/// Space that is reused from service to service.
#[derive(Debug, Clone, Default)]
pub(super) struct Scratch {
    slots: Vec<Slot>,
    pushed: Vec<Slot>,
    inputs: Vec<Option<f64>>,
    stack: Vec<f64>,
}

/// What all services of one refresh share.
#[derive(Debug, Clone, Copy)]
pub(super) struct Refresh<'a> {
    pub(super) registry: &'a FeatureRegistry,
    pub(super) calendar: &'a Arc<Calendar>,
    pub(super) moment: CalendarMoment,
    pub(super) now: Timestamp,
}

impl Refresh<'_> {
    /// The features of a service that has no observations (any more).
    pub(super) fn empty(&self, service: &ServiceId) -> ServiceFeatures {
        ServiceFeatures::new(service.clone(), Vec::new(), Vec::new(), self.calendar.clone(), self.moment)
    }
}

impl Entry {
    fn publish(&mut self, plan: Option<&SourcePlan>) -> Option<&Arc<Published>> {
        if self.published.is_none() {
            let series = Arc::make_mut(&mut self.series);
            series.settle();
            let newest = series.log().newest()?;
            let outputs = plan.map(|plan| plan.outputs.as_slice()).unwrap_or_default().iter();
            let outputs = outputs.filter_map(|(feature, aggregate, window)| {
                let value = match window {
                    None => Some(newest.value),
                    Some(window) => series.window(*window).and_then(|window| aggregated(window, *aggregate)),
                };
                value.filter(|value| value.is_finite()).map(|value| (*feature, value))
            });
            let recent = RecentValues::new(series.log().clone());
            let outputs = outputs.collect();
            self.published = Some(Arc::new(Published { outputs, last: newest.value, as_of: newest.at, recent }));
        }
        self.published.as_ref()
    }
}

fn aggregated(window: &RollingWindow, aggregate: Aggregate) -> Option<f64> {
    let moments = window.moments();
    match aggregate {
        Aggregate::Last => None, // has no window
        Aggregate::Mean => moments.mean(),
        Aggregate::Sum => Some(moments.sum()),
        Aggregate::Rate => Some(moments.sum() / window.span().as_secs_f64()),
        Aggregate::Min => window.extremes().map(|(low, _)| low),
        Aggregate::Max => window.extremes().map(|(_, high)| high),
        Aggregate::Std => moments.standard_deviation(),
        Aggregate::P50 => window.sketch().quantile(0.5),
        Aggregate::P95 => window.sketch().quantile(0.95),
        Aggregate::P99 => window.sketch().quantile(0.99),
        Aggregate::Count => Some(moments.count() as f64),
    }
}

impl ServiceState {
    /// Computes the features: observed ones, then derived ones after their inputs.
    ///
    /// A declared feature that cannot be computed shows an observation of its own name, if there is one, so that a feature
    /// may also be computed elsewhere and pushed.
    pub(super) fn publish(
        &mut self,
        service: &ServiceId,
        refresh: Refresh<'_>,
        scratch: &mut Scratch,
    ) -> ServiceFeatures {
        let registry = refresh.registry;
        let declared = registry.features();
        let Scratch { slots, pushed, inputs, stack } = scratch;
        for slots in [&mut *slots, &mut *pushed] {
            slots.clear();
            slots.resize(declared.len(), None);
        }
        let mut values = Vec::with_capacity(declared.len() + self.series.len());
        let mut recent = Vec::with_capacity(self.series.len());
        for (name, entry) in &mut self.series {
            let Some(published) = entry.publish(registry.plan(name.as_str())) else { continue };
            for (feature, value) in &published.outputs {
                slots[*feature] = Some((*value, published.as_of));
            }
            match registry.position(name.as_str()) {
                Some(index) => pushed[index] = Some((published.last, published.as_of)),
                None => values.push(FeatureValue {
                    name: name.clone(),
                    value: published.last,
                    as_of: published.as_of,
                    ttl: registry.ttl(name.as_str()),
                    kind: FeatureType::RealTime,
                    registered: false,
                    calendar: None,
                }),
            }
            recent.push((name.clone(), published.recent.clone()));
        }
        for ((spec, slot), pushed) in declared.iter().zip(slots.iter_mut()).zip(pushed.iter()) {
            match &spec.rule {
                Rule::Observed { .. } => *slot = slot.or(*pushed),
                Rule::Calendar(field) => *slot = Some((refresh.moment.value(*field), refresh.now)),
                Rule::Derived(_) => {}
            }
        }
        for plan in registry.derived() {
            let Rule::Derived(expression) = &declared[plan.feature].rule else { continue };
            inputs.clear();
            inputs.extend(plan.inputs.iter().map(|input| slots[*input].map(|(value, _)| value)));
            let oldest = plan.inputs.iter().filter_map(|input| slots[*input]).map(|(_, as_of)| as_of).min();
            let value = expression.evaluate(inputs, stack).map(|value| (value, oldest.unwrap_or(refresh.now)));
            slots[plan.feature] = value.or(pushed[plan.feature]);
        }
        for (spec, slot) in declared.iter().zip(slots.iter()) {
            let Some((value, as_of)) = *slot else { continue };
            let calendar = if let Rule::Calendar(field) = spec.rule { Some(field) } else { None };
            let (name, ttl, kind) = (spec.name.clone(), spec.ttl, spec.kind);
            values.push(FeatureValue { name, value, as_of, ttl, kind, registered: true, calendar });
        }
        values.sort_by(|left, right| left.name.cmp(&right.name));
        ServiceFeatures::new(service.clone(), values, recent, refresh.calendar.clone(), refresh.moment)
    }
}
