//! The declared features, checked and compiled: what to compute from which observed name, and in which order.
use super::calendar::CalendarField;
use super::document::{FeatureError, FeatureType, FeaturesDocument};
use super::expression::Expression;
use super::rolling_window::WindowSpec;
use super::validation;
use crate::types::FeatureName;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::Duration;

/// Most features that may be declared; each costs time at every refresh of every service.
const MOST_FEATURES: usize = 2_000;
/// Time to live of observed names that no feature declares.
const DEFAULT_TTL: Duration = Duration::from_secs(60);

/// How a feature is computed from observations.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Aggregate {
    /// The newest value.
    Last,
    /// Arithmetic mean.
    Mean,
    /// Sum.
    Sum,
    /// Sum divided by the window's length in seconds: events per second when each value counts events.
    Rate,
    /// Smallest value.
    Min,
    /// Largest value.
    Max,
    /// Sample standard deviation (divisor n - 1); absent below two values.
    Std,
    /// Median, right to 1 %.
    P50,
    /// 0.95-quantile, right to 1 %.
    P95,
    /// 0.99-quantile, right to 1 %.
    P99,
    /// Number of values.
    Count,
}

impl Aggregate {
    /// Its name in documents.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Last => "last",
            Self::Mean => "mean",
            Self::Sum => "sum",
            Self::Rate => "rate",
            Self::Min => "min",
            Self::Max => "max",
            Self::Std => "std",
            Self::P50 => "p50",
            Self::P95 => "p95",
            Self::P99 => "p99",
            Self::Count => "count",
        }
    }
}

/// Where a feature's values come from.
#[derive(Debug, Clone, PartialEq)]
pub enum Rule {
    /// From the observations of one name.
    Observed {
        /// The observed name.
        source: FeatureName,
        /// How they become one value.
        aggregate: Aggregate,
        /// Over which span; none for the last value.
        window: Option<Duration>,
    },
    /// From other features.
    Derived(Expression),
    /// From the time alone.
    Calendar(CalendarField),
}

/// A checked feature.
#[derive(Debug, Clone, PartialEq)]
pub struct FeatureSpec {
    /// Its name.
    pub name: FeatureName,
    /// How current it is.
    pub kind: FeatureType,
    /// Unit of its values.
    pub unit: String,
    /// Team that answers for it.
    pub owner: String,
    /// What it means; perhaps empty.
    pub description: String,
    /// Age beyond which a value is stale.
    pub ttl: Duration,
    /// Where its values come from.
    pub rule: Rule,
}

/// What to compute from one observed name.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct SourcePlan {
    pub(super) windows: Vec<WindowSpec>,
    /// Feature (index into the registry), aggregate and window (index into `windows`).
    pub(super) outputs: Vec<(usize, Aggregate, Option<usize>)>,
}

/// A derived feature and its inputs, as indices into the registry.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct DerivedPlan {
    pub(super) feature: usize,
    pub(super) inputs: Vec<usize>,
}

/// All declared features; immutable.
#[derive(Debug, Clone)]
pub struct FeatureRegistry {
    /// Sorted by name.
    features: Vec<FeatureSpec>,
    sources: HashMap<FeatureName, SourcePlan>,
    /// Each after its inputs.
    derived: Vec<DerivedPlan>,
    default_ttl: Duration,
    undeclared_ttl: BTreeMap<FeatureName, Duration>,
}

impl Default for FeatureRegistry {
    /// No declared features: everything observed is shown as it is.
    fn default() -> Self {
        let (features, derived) = (Vec::new(), Vec::new());
        Self { features, sources: HashMap::new(), derived, default_ttl: DEFAULT_TTL, undeclared_ttl: BTreeMap::new() }
    }
}

impl FeatureRegistry {
    /// Checks a document and compiles it.
    ///
    /// # Errors
    /// One [`FeatureError`] for each thing that is wrong, with feature, field and remedy: bad names, units, owners,
    /// times to live, windows, aggregates; expressions that do not parse, name unknown features or form a cycle.
    pub fn from_document(document: &FeaturesDocument) -> Result<Self, Vec<FeatureError>> {
        let mut errors = Vec::new();
        let mut wrong = |feature: &str, field, message| {
            errors.push(FeatureError { feature: feature.to_owned(), field, message });
        };
        if document.features.len() > MOST_FEATURES {
            wrong("*", "features", format!("are {}: declare at most {MOST_FEATURES}", document.features.len()));
            return Err(errors);
        }
        let mut default_ttl = DEFAULT_TTL;
        match document.default_ttl_ms.map(validation::time_to_live) {
            Some(Ok(ttl)) => default_ttl = ttl,
            Some(Err(message)) => wrong("*", "default_ttl_ms", message),
            None => {}
        }
        let mut features = Vec::with_capacity(document.features.len());
        let mut names = BTreeSet::new();
        for (index, feature) in document.features.iter().enumerate() {
            let label = match feature.name.chars().take(200).collect::<String>() {
                empty if empty.is_empty() => format!("#{index}"),
                name => name,
            };
            if !names.insert(feature.name.as_str()) {
                let message = "is declared twice: rename or remove one".to_owned();
                errors.push(FeatureError { feature: label.clone(), field: "name", message });
            }
            features.extend(validation::feature(feature, &label, &mut errors));
        }
        features.sort_by(|left, right| left.name.cmp(&right.name));
        let derived = order_derived(&features, &names, &mut errors);
        if !errors.is_empty() {
            return Err(errors);
        }
        let sources = plan_sources(&features);
        Ok(Self { features, sources, derived, default_ttl, undeclared_ttl: BTreeMap::new() })
    }

    /// The same features with other times to live, in milliseconds by name. Names that no feature declares are kept for
    /// observations of that name.
    ///
    /// # Errors
    /// One [`FeatureError`] for each name or time that is not acceptable.
    pub fn with_ttl_overrides(mut self, overrides: &BTreeMap<String, i64>) -> Result<Self, Vec<FeatureError>> {
        let mut errors = Vec::new();
        for (name, milliseconds) in overrides {
            let mut wrong = |field, message| {
                errors.push(FeatureError { feature: name.chars().take(200).collect(), field, message })
            };
            match (FeatureName::new(name), validation::time_to_live(*milliseconds)) {
                (Ok(name), Ok(ttl)) => match self.position(name.as_str()) {
                    Some(index) => self.features[index].ttl = ttl,
                    None => {
                        self.undeclared_ttl.insert(name, ttl);
                    }
                },
                (Err(error), _) => wrong("name", format!("is refused: {error}")),
                (_, Err(message)) => wrong("ttl_ms", message),
            }
        }
        if errors.is_empty() { Ok(self) } else { Err(errors) }
    }

    /// All features, sorted by name.
    #[must_use]
    pub fn features(&self) -> &[FeatureSpec] {
        &self.features
    }

    /// The feature of that name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&FeatureSpec> {
        self.position(name).map(|index| &self.features[index])
    }

    /// Time to live of a name, declared or not.
    #[must_use]
    pub fn ttl(&self, name: &str) -> Duration {
        self.get(name)
            .map_or_else(|| self.undeclared_ttl.get(name).copied().unwrap_or(self.default_ttl), |spec| spec.ttl)
    }

    pub(super) fn position(&self, name: &str) -> Option<usize> {
        self.features.binary_search_by(|spec| spec.name.as_str().cmp(name)).ok()
    }

    pub(super) fn plan(&self, source: &str) -> Option<&SourcePlan> {
        self.sources.get(source)
    }

    pub(super) fn derived(&self) -> &[DerivedPlan] {
        &self.derived
    }
}

fn plan_sources(features: &[FeatureSpec]) -> HashMap<FeatureName, SourcePlan> {
    let mut sources: HashMap<FeatureName, SourcePlan> = HashMap::new();
    for (index, feature) in features.iter().enumerate() {
        let Rule::Observed { source, aggregate, window } = &feature.rule else { continue };
        let plan = sources.entry(source.clone()).or_default();
        let window = window.map(|span| {
            let place = plan.windows.iter().position(|known| known.span == span).unwrap_or_else(|| {
                plan.windows.push(WindowSpec { span, quantiles: false, extremes: false });
                plan.windows.len() - 1
            });
            plan.windows[place].quantiles |= matches!(aggregate, Aggregate::P50 | Aggregate::P95 | Aggregate::P99);
            plan.windows[place].extremes |= matches!(aggregate, Aggregate::Min | Aggregate::Max);
            place
        });
        plan.outputs.push((index, *aggregate, window));
    }
    sources
}

/// Derived features, each after its inputs; complains about unknown inputs and cycles. `declared` also holds features that
/// were refused for other reasons, so that these are not reported twice.
fn order_derived(
    features: &[FeatureSpec],
    declared: &BTreeSet<&str>,
    errors: &mut Vec<FeatureError>,
) -> Vec<DerivedPlan> {
    let position = |name: &str| features.binary_search_by(|spec| spec.name.as_str().cmp(name)).ok();
    let mut waiting = Vec::new();
    for (feature, spec) in features.iter().enumerate() {
        let Rule::Derived(expression) = &spec.rule else { continue };
        for unknown in expression.inputs().iter().filter(|name| !declared.contains(name.as_str())) {
            errors.push(FeatureError {
                feature: spec.name.to_string(),
                field: "expression",
                message: format!("names \"{unknown}\", which no feature declares: declare it or mend the name"),
            });
        }
        let inputs = expression.inputs().iter().filter_map(|name| position(name)).collect();
        waiting.push(DerivedPlan { feature, inputs });
    }
    let mut ordered = Vec::with_capacity(waiting.len());
    loop {
        let unready: BTreeSet<usize> = waiting.iter().map(|plan| plan.feature).collect();
        let (blocked, ready): (Vec<_>, Vec<_>) =
            waiting.into_iter().partition(|plan| plan.inputs.iter().any(|input| unready.contains(input)));
        if ready.is_empty() {
            let names = blocked.iter().map(|plan| features[plan.feature].name.as_str()).collect::<Vec<_>>().join(", ");
            errors.extend(blocked.iter().map(|plan| FeatureError {
                feature: features[plan.feature].name.to_string(),
                field: "expression",
                message: format!("depends on itself through {names}: break the cycle"),
            }));
            return ordered;
        }
        ordered.extend(ready);
        waiting = blocked;
    }
}
