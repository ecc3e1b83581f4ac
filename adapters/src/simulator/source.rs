//! The simulator as a telemetry source: ticks on a grid of whole seconds, each a batch of observations.
use super::fleet::FLEET;
use super::noise::Noise;
use super::schedule::Schedule;
use super::service_tick::{Inputs, Measured, SAMPLES, pass};
use super::trading_day::{LocalTime, VenueClock, after_close_load, market_load};
use bellwether_domain::ports::{Polled, SourceError, TelemetrySource};
use bellwether_domain::types::{FeatureName, InvalidName, Observation, OutOfRange, ServiceId, Timestamp};
use std::time::Duration;

/// Length of a tick.
const TICK: Duration = Duration::from_secs(1);
const TICK_NS: i64 = 1_000_000_000;
/// Most ticks of one poll, and the history that the first poll brings: ten minutes.
const MOST_TICKS: i64 = 600;
/// How late workers follow the load, and how early they are provided for a known surge, in simulated minutes.
const SCALING_MINUTES: f64 = 4.0;
/// The part of a known surge for which workers are provided ahead of it.
const PROVIDED_AHEAD: f64 = 0.8;
/// Observed names, in the order of `measured`.
const NAMES: [&str; 9] = [
    "request_rate",
    "p99_latency",
    "cpu_usage",
    "error_rate",
    "service_time_mean",
    "service_time_scv",
    "active_workers",
    "queue_depth",
    "upstream_load",
];

/// How the simulated day runs.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SimulatorOptions {
    /// Same seed and same times, same observations.
    pub seed: u64,
    /// Simulated seconds per second of wall time, from 0.01 to 10,000. Observations carry wall time in any case, so that
    /// features stay fresh.
    pub speed: f64,
    /// Wall time at which simulated and wall time agree.
    pub started_at: Timestamp,
}

/// Six services on a trading day of New York: surges at open and close, a lunch dip, quiet nights and weekends, regime
/// shifts, deploys, incidents with heavy tails and queues.
///
/// Per service and second: request_rate (1/s), p99_latency (ms), cpu_usage (share), error_rate (share), service_time_mean
/// (ms), service_time_scv (1), active_workers, queue_depth, upstream_load (share), and five samples of latency_ms.
#[derive(Debug)]
pub struct Simulator {
    options: SimulatorOptions,
    clock: VenueClock,
    services: Vec<ServiceId>,
    names: Vec<FeatureName>,
    latency: FeatureName,
    /// Events of the simulated day.
    schedule: Schedule,
    /// Requests that overload has left waiting, by service.
    backlog: [f64; FLEET.len()],
    /// Number of the first tick that was not given yet; none before the first poll.
    next_tick: Option<i64>,
}

impl Simulator {
    /// A simulator that has given nothing yet.
    ///
    /// # Errors
    /// [`OutOfRange`] if the speed is not within 0.01 and 10,000.
    pub fn new(options: SimulatorOptions) -> Result<Self, OutOfRange> {
        let refused = |value| OutOfRange { name: "speed", value, range: "[0.01, 10000]" };
        let inside = (0.01..=10_000.0).contains(&options.speed); // false for NaN
        if !inside {
            return Err(refused(options.speed));
        }
        // The names are constants of ours and valid; this keeps the refusal without a panic.
        let named = || -> Result<_, InvalidName> {
            let services = FLEET.iter().map(|profile| ServiceId::new(profile.name)).collect::<Result<_, _>>()?;
            let names = NAMES.iter().map(|name| FeatureName::new(name)).collect::<Result<_, _>>()?;
            Ok((services, names, FeatureName::new("latency_ms")?))
        };
        let (services, names, latency) = named().map_err(|_| refused(options.speed))?;
        let clock = VenueClock::new();
        let schedule = Schedule::of(options.seed, clock.at(options.started_at.nanoseconds()).day);
        Ok(Self { options, clock, services, names, latency, schedule, backlog: [0.0; FLEET.len()], next_tick: None })
    }

    /// Number of the last tick at or before `time`; tick 0 is the second in which the simulation started.
    fn tick_at(&self, time: Timestamp) -> i64 {
        let origin = self.options.started_at.nanoseconds().div_euclid(TICK_NS);
        time.nanoseconds().div_euclid(TICK_NS) - origin
    }

    fn wall_time(&self, tick: i64) -> Timestamp {
        let origin = self.options.started_at.nanoseconds().div_euclid(TICK_NS);
        Timestamp::from_nanoseconds((origin + tick).saturating_mul(TICK_NS))
    }

    fn local_time(&self, tick: i64) -> LocalTime {
        let elapsed = (tick as f64 * self.options.speed * TICK_NS as f64) as i64;
        self.clock.at(self.wall_time(0).nanoseconds().saturating_add(elapsed))
    }

    fn expected_arrivals(&self, service: usize, time: LocalTime) -> f64 {
        let profile = &FLEET[service];
        let load = (1.0 - profile.after_close) * market_load(time) + profile.after_close * after_close_load(time);
        profile.peak_rate * load
    }

    fn measure(&mut self, tick: i64) -> [Measured; FLEET.len()] {
        let time = self.local_time(tick);
        if self.schedule.day != time.day {
            self.schedule = Schedule::of(self.options.seed, time.day);
        }
        let mut noise = Noise::of(self.options.seed, self.wall_time(tick).nanoseconds() / TICK_NS);
        let activity = self.schedule.activity(time.minute);
        // The exchange feeds the first service.
        let mut upstream = (market_load(time).min(1.0), 1.0);
        std::array::from_fn(|service| {
            let profile = &FLEET[service];
            // Workers follow the expected load, not incidents: late, but not unprepared for what the clock announces.
            let before = self.expected_arrivals(service, time.shifted(-SCALING_MINUTES));
            let ahead = self.expected_arrivals(service, time.shifted(SCALING_MINUTES));
            let provided = before.max(PROVIDED_AHEAD * ahead);
            let inputs = Inputs {
                profile,
                // Part of the requests come through the service before; what it holds back arrives when it recovers.
                arrivals: self.expected_arrivals(service, time) * activity * (0.4 + 0.6 * upstream.1),
                workers: (provided * profile.service_ms / 1e3 / profile.target).ceil().max(2.0),
                deployed: self.schedule.deployed(service, time.minute),
                incident: self.schedule.incident(service, time.minute),
                upstream_load: upstream.0,
            };
            let measured = pass(inputs, TICK, &mut self.backlog[service], &mut noise);
            upstream = (measured.cpu_usage, measured.throughput.min(2.0));
            measured
        })
    }

    /// Adds the observations of one tick, in the order of their times.
    fn observe(&mut self, tick: i64, observations: &mut Vec<Observation>) {
        let measured = self.measure(tick);
        let end = self.wall_time(tick);
        let step = TICK / SAMPLES as u32;
        for sample in 0..SAMPLES {
            let at = end.minus(step * (SAMPLES - 1 - sample) as u32);
            observations.extend(self.services.iter().zip(&measured).map(|(service, measured)| Observation {
                service: service.clone(),
                name: self.latency.clone(),
                at,
                value: measured.latencies_ms[sample],
            }));
        }
        for (service, measured) in self.services.iter().zip(&measured) {
            let values = [
                measured.request_rate,
                measured.p99_latency_ms,
                measured.cpu_usage,
                measured.error_rate,
                measured.service_time_ms,
                measured.scv,
                measured.active_workers,
                measured.queue_depth,
                measured.upstream_load,
            ];
            observations.extend(self.names.iter().zip(values).map(|(name, value)| Observation {
                service: service.clone(),
                name: name.clone(),
                at: end,
                value,
            }));
        }
    }
}

impl TelemetrySource for Simulator {
    /// Every tick up to `now`, but no more than the last ten minutes of them: that much the first poll brings too, and after
    /// a longer pause the ticks in between are lost.
    fn poll(&mut self, now: Timestamp) -> Result<Polled, SourceError> {
        let last = self.tick_at(now);
        let earliest = last.saturating_sub(MOST_TICKS - 1);
        let first = match self.next_tick {
            Some(next) if next >= earliest => next,
            _ => {
                self.backlog = [0.0; FLEET.len()];
                earliest
            }
        };
        let ticks = usize::try_from(last.saturating_sub(first).saturating_add(1)).unwrap_or(0);
        let mut observations = Vec::with_capacity(ticks * FLEET.len() * (NAMES.len() + SAMPLES));
        for tick in first..=last {
            self.observe(tick, &mut observations);
        }
        self.next_tick = Some(first.max(last.saturating_add(1)));
        Ok(Polled::Observations(observations))
    }

    fn interval(&self) -> Duration {
        TICK
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn time(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn simulator(seed: u64, speed: f64, start: &str) -> Simulator {
        Simulator::new(SimulatorOptions { seed, speed, started_at: time(start) }).unwrap()
    }

    fn poll(simulator: &mut Simulator, now: Timestamp) -> Vec<Observation> {
        match simulator.poll(now).unwrap() {
            Polled::Observations(observations) => observations,
            Polled::Ended => panic!("a simulator never ends"),
        }
    }

    fn mean(observations: &[Observation], service: &str, name: &str) -> f64 {
        let chosen = observations.iter().filter(|one| one.service.as_str() == service && one.name.as_str() == name);
        let values: Vec<f64> = chosen.map(|one| one.value).collect();
        values.iter().sum::<f64>() / values.len() as f64
    }

    #[test]
    fn the_first_poll_brings_ten_minutes_then_each_second_comes_once() {
        let start = time("2026-11-23T15:00:00.25Z");
        let mut simulator = simulator(1, 1.0, "2026-11-23T15:00:00.25Z");
        let per_tick = FLEET.len() * (NAMES.len() + SAMPLES);
        for (second, ticks) in [(0, 600), (0, 0), (1, 1), (4, 3), (3, 0), (5, 1), (100_000, 600), (100_001, 1)] {
            let now = start.plus(Duration::from_secs(second));
            let observations = poll(&mut simulator, now);
            assert_eq!(observations.len(), ticks * per_tick, "after {second} s");
            assert!(observations.is_sorted_by_key(|one| one.at));
            assert!(observations.iter().all(|one| one.at <= now && one.value.is_finite() && one.value >= 0.0));
            let keys: std::collections::BTreeSet<_> =
                observations.iter().map(|one| (one.service.clone(), one.name.clone(), one.at)).collect();
            assert_eq!(keys.len(), observations.len(), "every key once");
        }
    }

    #[test]
    fn the_same_seed_and_times_give_the_same_observations_however_they_are_polled() {
        let start = "2026-11-23T14:25:00Z";
        let (mut left, mut right, mut other) =
            (simulator(9, 60.0, start), simulator(9, 60.0, start), simulator(8, 60.0, start));
        let mut all = [Vec::new(), Vec::new()];
        for second in 0..=300 {
            let now = time(start).plus(Duration::from_secs(second));
            all[0].extend(poll(&mut left, now));
            if second % 50 == 0 {
                all[1].extend(poll(&mut right, now));
            }
        }
        let bits = |one: &Observation| (one.service.clone(), one.name.clone(), one.at, one.value.to_bits());
        assert!(all[0].iter().map(bits).eq(all[1].iter().map(bits)));
        assert_ne!(poll(&mut other, time(start))[0].value, all[0][0].value);
    }

    #[test]
    fn the_opening_surges_above_lunch_and_lunch_above_the_night() {
        let level = |now| mean(&poll(&mut simulator(2, 1.0, now), time(now)), "order-gateway", "request_rate");
        let (opening, lunch, night) =
            (level("2026-11-23T14:40:00Z"), level("2026-11-23T17:45:00Z"), level("2026-11-23T08:00:00Z"));
        assert!(opening > 1.5 * lunch && lunch > 2.0 * night, "{opening} {lunch} {night}");
    }

    #[test]
    fn speed_moves_the_time_of_day_but_not_the_timestamps() {
        let start = "2026-11-23T08:00:00Z";
        let mut simulator = simulator(2, 3_600.0, start);
        let night = poll(&mut simulator, time(start));
        assert_eq!(night.last().unwrap().at, time(start));
        // Seven seconds are seven hours here: ten o'clock in New York.
        let later = time(start).plus(Duration::from_secs(7));
        let opened = poll(&mut simulator, later);
        assert_eq!(opened.last().unwrap().at, later);
        let tail = |all: &[Observation]| mean(&all[all.len() - 84..], "matching", "request_rate");
        assert!(tail(&opened) > 4.0 * tail(&night));
    }

    #[test]
    fn an_incident_shows_in_the_latency_of_its_service_and_in_the_load_that_the_next_one_sees() {
        let day = "2026-11-23T17:00:00Z";
        let (seed, incident) = (0..200)
            .find_map(|seed| {
                let schedule = Schedule::of(seed, VenueClock::new().at(time(day).nanoseconds()).day);
                let found = schedule.incidents.iter().find(|incident| {
                    let quiet = schedule.incident(incident.service, incident.from_minute - 8.0).is_none();
                    (600.0..900.0).contains(&incident.from_minute)
                        && incident.until_minute - incident.from_minute > 5.0
                        && incident.lost_workers > 0.3
                        && incident.service < 5
                        && quiet
                });
                found.map(|incident| (seed, *incident))
            })
            .unwrap();
        // Noon in New York is minute 720.
        let started = time(day).nanoseconds() + ((incident.from_minute - 720.0) * 60e9) as i64;
        let now = Timestamp::from_nanoseconds(started).plus(Duration::from_secs(240));
        let options = SimulatorOptions { seed, speed: 1.0, started_at: now };
        let history = poll(&mut Simulator::new(options).unwrap(), now);
        let (before, during): (Vec<_>, Vec<_>) = history.into_iter().partition(|one| one.at.nanoseconds() < started);
        let service = FLEET[incident.service].name;
        for (service, name, factor) in [
            (service, "p99_latency", 3.0),
            (service, "error_rate", 3.0),
            (FLEET[incident.service + 1].name, "upstream_load", 1.2),
        ] {
            let (before, during) = (mean(&before, service, name), mean(&during, service, name));
            assert!(during > factor * before, "{service} {name}: {before} then {during}");
        }
    }

    #[test]
    fn an_impossible_speed_is_refused() {
        for speed in [0.0, -1.0, f64::NAN, f64::INFINITY, 1e9] {
            let options = SimulatorOptions { seed: 0, speed, started_at: Timestamp::from_nanoseconds(0) };
            assert!(Simulator::new(options).is_err(), "{speed}");
        }
    }
}
