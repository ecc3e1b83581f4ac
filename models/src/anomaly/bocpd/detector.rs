//! The online recursion.

use super::elementary;
use super::error::{OutOfRange, SnapshotError};
use super::hazard::HazardFunction;
use super::observation_model::ObservationModel;
use super::options::{Options, Scaling};
use super::predictive::{Predictive, Sample};
use super::recent::Recent;
use super::runs::{Runs, Statistics};
use super::scaling::Unit;
use super::standardisation::Standardisation;
use super::step::{Change, Reading, Regime, Step};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Values from which the first unit is found.
pub const WARM_UP: usize = 20;
/// Values after which the prior follows the latest ones anew.
const RENEWAL: f64 = 16.0;
/// More rows than this no stream has; a stored state that says so is wrong.
const MOST_ROWS: u64 = 1 << 51;
/// Missing rows between two values of the warm-up that age the runs one by one.
const MOST_WARM_UP_GAP: u64 = 64;

/// Watches one stream of samples for changes of its distribution.
///
/// The whole state can be stored with serde; what is restored goes on with the same bits.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "State", into = "State")]
pub struct Detector {
    state: State,
    tables: Arc<Tables>,
}

/// What follows from the options alone.
#[derive(Debug, PartialEq)]
struct Tables {
    predictive: Predictive,
    hazard: HazardFunction,
    /// The least hazard after an event; 0 without one.
    after_event: f64,
}

/// All that a detector remembers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct State {
    options: Options,
    /// Rows so far.
    rows: u64,
    /// Values so far that were learned; a whole number.
    seen: f64,
    /// Values that wait for a unit, with their rows.
    waiting: Vec<(u64, f64)>,
    unit: Unit,
    prior: Statistics,
    runs: Runs,
    recent: Recent,
    log_evidence: f64,
    discarded_mass: f64,
    /// Samples left with the hazard after an event.
    event_samples: u64,
    /// A change later than this row has had no alarm yet.
    settled: u64,
    /// Samples in a row for which the regime has probably ended.
    ended_samples: u32,
    last_change: Option<Change>,
}

impl Detector {
    /// A detector that has seen nothing.
    ///
    /// # Errors
    /// `OutOfRange` names the first option that its meaning forbids.
    pub fn new(options: Options) -> Result<Self, OutOfRange> {
        let options = options.check()?;
        let tables = Tables::of(&options);
        let known = match options.scaling {
            Scaling::Automatic => options.model.known(0.0, 1.0),
            Scaling::Known { centre, spread } => options.model.known(centre, spread),
        };
        let mut state = State {
            options,
            rows: 0,
            seen: 0.0,
            waiting: Vec::with_capacity(WARM_UP),
            unit: known.unit,
            prior: tables.predictive.prior(known.prior),
            runs: Runs::with_capacity(options.most_run_lengths + 1),
            recent: Recent::new(),
            log_evidence: 0.0,
            discarded_mass: 0.0,
            event_samples: 0,
            settled: 0,
            ended_samples: 0,
            last_change: None,
        };
        if !state.waits() {
            state.begin(&tables, known);
        }
        Ok(Self { state, tables: Arc::new(tables) })
    }

    /// Learns the next sample; `None` or NaN is a missing value. Costs O(K) and allocates nothing.
    pub fn observe(&mut self, value: Option<f64>) -> Step {
        let value = value.filter(|value| !value.is_nan());
        let supported = value.filter(|value| self.state.options.model.supports(*value));
        let reading = match (value, supported) {
            (_, Some(_)) => Reading::Used,
            (None, _) => Reading::Missing,
            (Some(_), None) => Reading::OutsideSupport,
        };
        self.take(reading, supported.map(|value| (value, 1.0)))
    }

    /// Learns `successes` of `trials`, for the binomial model; no trials, more successes than trials, or another model
    /// make it a missing value.
    pub fn observe_trials(&mut self, successes: u64, trials: u64) -> Step {
        let is_binomial = matches!(self.state.options.model, ObservationModel::Binomial { .. });
        let is_possible = is_binomial && successes <= trials && trials <= 1 << 50;
        let reading = match trials {
            0 => Reading::Missing,
            _ if is_possible => Reading::Used,
            _ => Reading::OutsideSupport,
        };
        self.take(reading, (reading == Reading::Used).then_some((successes as f64, trials as f64)))
    }

    fn take(&mut self, reading: Reading, value: Option<(f64, f64)>) -> Step {
        let state = &mut self.state;
        let (index, changes_before) = (state.rows, state.last_change.map(|change| change.alarm));
        state.rows += 1;
        let score = if state.waits() {
            state.wait(&self.tables, index, value)
        } else {
            state.learn(&self.tables, index, value)
        };
        Step {
            index,
            reading,
            score,
            change_probability: state.change_probability(),
            run_length: state.run_length(),
            is_change: state.last_change.map(|change| change.alarm) != changes_before,
        }
    }

    /// Tells of an event, such as a deploy or the opening of a market, that makes a change in the next samples likely,
    /// as [`Hazard::with_event`](super::Hazard::with_event) says; without that it changes nothing.
    pub fn announce_event(&mut self) {
        self.state.event_samples = self.state.options.hazard.after_event.map_or(0, |after| after.samples);
    }

    /// The latest change for which an alarm was raised.
    #[must_use]
    pub fn last_change(&self) -> Option<&Change> {
        self.state.last_change.as_ref()
    }

    /// Rows so far, missing values included.
    #[must_use]
    pub fn observed(&self) -> u64 {
        self.state.rows
    }

    /// The most probable run length, in samples.
    #[must_use]
    pub fn run_length(&self) -> u64 {
        self.state.run_length()
    }

    /// P(a change lies within the last L samples | data), as in [`Step`].
    #[must_use]
    pub fn change_probability(&self) -> f64 {
        self.state.change_probability()
    }

    /// Run lengths with their probabilities, which sum to 1, in no order. Length 0: the next sample begins a regime.
    pub fn posterior(&self) -> impl Iterator<Item = (u64, f64)> {
        let (runs, rows) = (&self.state.runs, self.state.rows);
        runs.start.iter().zip(&runs.probability).map(move |(start, share)| (rows.saturating_sub(*start), *share))
    }

    /// Natural logarithm of the density of all values so far, in the inverse unit of the data; what was dropped is missing
    /// from it, so it is never above the exact one. With [`Scaling::Automatic`] the first values count given the unit
    /// found in them.
    #[must_use]
    pub fn log_evidence(&self) -> f64 {
        self.state.log_evidence
    }

    /// Sum of the probabilities at which run lengths were dropped. When one is dropped the posterior moves by that much
    /// in total variation; later it stays within the sum in expectation under the model.
    #[must_use]
    pub fn discarded_mass(&self) -> f64 {
        self.state.discarded_mass
    }

    /// The regime since the last alarm's estimated start.
    #[must_use]
    pub fn regime(&self) -> Regime {
        self.state.recent.regime(self.state.unit)
    }

    /// Shares what follows from the options alone with a detector of the same options, so that many of them, restored one
    /// by one, take less memory; nothing else changes.
    pub fn share_tables(&mut self, with: &Self) {
        if self.state.options == with.state.options {
            self.tables = Arc::clone(&with.tables);
        }
    }

    /// Its options.
    #[must_use]
    pub fn options(&self) -> &Options {
        &self.state.options
    }
}

impl Tables {
    fn of(options: &Options) -> Self {
        Self {
            predictive: Predictive::new(options.model, options.outlier_share),
            hazard: options.hazard.prepare(),
            after_event: options.hazard.after_event.map_or(0.0, |after| 1.0 / after.mean_run_length),
        }
    }
}

impl State {
    /// Whether it has no unit yet.
    fn waits(&self) -> bool {
        let needs = match self.options.model {
            ObservationModel::Binomial { .. } => false,
            _ => self.options.scaling == Scaling::Automatic,
        };
        needs && self.runs.len() == 0
    }

    fn begin(&mut self, tables: &Tables, Standardisation { unit, prior }: Standardisation) {
        self.unit = unit;
        self.prior = tables.predictive.prior(prior);
        self.runs.push(0, 0.0, self.prior, 0.0, 1.0);
    }

    /// Collects values until a unit can be found, then learns them all.
    fn wait(&mut self, tables: &Tables, index: u64, value: Option<(f64, f64)>) -> f64 {
        let Some((value, _)) = value else { return 0.0 };
        self.waiting.push((index, value));
        if self.waiting.len() < WARM_UP {
            return 0.0;
        }
        let mut values = [0.0; WARM_UP];
        values.iter_mut().zip(&self.waiting).for_each(|(place, (_, value))| *place = *value);
        self.begin(tables, self.options.model.first(&mut values));
        let (mut score, mut next) = (0.0, 0);
        for place in 0..WARM_UP {
            let (row, value) = self.waiting[place];
            for missing in next.max(row.saturating_sub(MOST_WARM_UP_GAP))..row {
                self.learn(tables, missing, None);
            }
            score = self.learn(tables, row, Some((value, 1.0)));
            next = row + 1;
        }
        self.waiting.clear();
        // A change within the warm-up is told now.
        if let Some(change) = &mut self.last_change {
            change.alarm = index;
            self.settled = index;
        }
        score
    }

    /// One step of the recursion [Adams & MacKay 2007, Algorithm 1]; the score of the value.
    fn learn(&mut self, tables: &Tables, index: u64, value: Option<(f64, f64)>) -> f64 {
        let mut score = 0.0;
        if let Some((value, trials)) = value {
            let sample = Sample { value: self.unit.standardised(value), trials };
            score = tables.predictive.surprise(&self.runs, self.seen, sample);
            tables.predictive.learn(&mut self.runs, self.seen, sample, self.prior);
            self.seen += 1.0;
            self.log_evidence -= self.unit.spread.ln();
            self.recent.add(index, sample.value / trials);
            self.renew_prior(tables);
        }
        self.grow(tables, index);
        self.raise_alarm(index);
        score
    }

    /// What is believed of a regime before its first value follows the latest values, whatever the first ones were. It is
    /// so for the runs there are, too: else a fresh run would be judged by a better prior than an old one, and win.
    fn renew_prior(&mut self, tables: &Tables) {
        let due = self.options.scaling == Scaling::Automatic && self.seen % RENEWAL == 0.0;
        if due && let Some(unit) = self.recent.unit(self.options.model) {
            let prior = tables.predictive.prior(unit);
            tables.predictive.replace_prior(&mut self.runs, self.prior, prior);
            self.prior = prior;
        }
    }

    /// Every run grows older or ends; what ended is a new run that the next sample begins.
    fn grow(&mut self, tables: &Tables, index: u64) {
        let event = if self.event_samples > 0 { tables.after_event } else { 0.0 };
        self.event_samples = self.event_samples.saturating_sub(1);
        let highest = elementary::largest(&self.runs.log_weight);
        let (total, ended) = tables.hazard.grow(&mut self.runs, index + 1, event, highest);
        let dropped = self.prune(total);
        self.discarded_mass += dropped / total;
        if ended > f64::MIN_POSITIVE {
            self.runs.push(index + 1, self.seen, self.prior, highest + ended.ln(), ended);
        }
        let kept = total - dropped;
        let (shift, share) = (highest + kept.ln(), 1.0 / kept);
        self.log_evidence += shift;
        self.runs.log_weight.iter_mut().for_each(|weight| *weight -= shift);
        self.runs.probability.iter_mut().for_each(|probability| *probability *= share);
    }

    /// Drops runs that hardly matter, and the least probable until there is room for the newest within K; what they add to
    /// `total`.
    fn prune(&mut self, total: f64) -> f64 {
        let negligible = self.options.negligible * total;
        let mut dropped = 0.0;
        while let Some(least) = self.runs.least() {
            let probability = self.runs.probability[least];
            if probability >= negligible && self.runs.len() < self.options.most_run_lengths {
                break;
            }
            dropped += probability;
            self.runs.remove(least);
        }
        dropped
    }

    /// Raises an alarm once it has been probable for some samples that a change came after the last alarm.
    fn raise_alarm(&mut self, index: u64) {
        let probability = self.runs.probability_behind(self.settled);
        if probability <= self.options.alarm_probability {
            self.ended_samples = 0;
            return;
        }
        self.ended_samples += 1;
        if self.ended_samples < self.options.alarm_samples {
            return;
        }
        let later = self.runs.start.iter().zip(&self.runs.probability).filter(|(start, _)| **start > self.settled);
        let Some((start, _)) = later.max_by(|a, b| a.1.total_cmp(b.1)) else { return };
        let start = *start;
        let (before, after) = self.recent.begin(start, self.unit);
        self.last_change = Some(Change { alarm: index, start, probability: probability.min(1.0), before, after });
        (self.settled, self.ended_samples) = (index, 0);
    }

    fn run_length(&self) -> u64 {
        self.runs.most_probable().map_or(self.rows, |slot| self.rows.saturating_sub(self.runs.start[slot]))
    }

    fn change_probability(&self) -> f64 {
        // A run of at most L samples starts at row t + 1 - L or later; the one from row 0 is no change.
        let before = self.rows.saturating_sub(self.options.change_window).saturating_sub(1);
        self.runs.probability_behind(before).min(1.0)
    }
}

impl From<Detector> for State {
    fn from(detector: Detector) -> Self {
        detector.state
    }
}

impl TryFrom<State> for Detector {
    type Error = SnapshotError;
    fn try_from(state: State) -> Result<Self, SnapshotError> {
        let options = state.options.check()?;
        let sound = |is_sound: bool, what| if is_sound { Ok(()) } else { Err(SnapshotError::Inconsistent { what }) };
        let (rows, seen) = (state.rows, state.seen);
        sound(rows <= MOST_ROWS && (0.0..=rows as f64).contains(&seen) && state.log_evidence.is_finite(), "counts")?;
        sound(state.runs.is_sound(rows, seen) && state.runs.len() <= options.most_run_lengths, "run lengths")?;
        sound(state.prior.is_sound() && state.unit.is_sound(), "priors")?;
        sound(if state.waits() { seen == 0.0 } else { state.runs.len() > 0 }, "runs and values")?;
        let waiting = state.waiting.iter().map(|(row, _)| row).is_sorted_by(|a, b| a < b);
        let finite = state.waiting.iter().all(|(row, value)| *row < rows && value.is_finite());
        sound(waiting && finite && state.waiting.len() < WARM_UP, "waiting values")?;
        sound(state.recent.is_sound(rows), "latest values")?;
        sound(state.settled <= rows && state.discarded_mass >= 0.0, "alarms")?;
        Ok(Self { tables: Arc::new(Tables::of(&options)), state })
    }
}
