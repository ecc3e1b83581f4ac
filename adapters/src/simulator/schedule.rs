//! What happens on a simulated day besides trading: regime shifts, deploys, incidents. A function of seed and day alone.
use super::fleet::FLEET;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// The whole market moves to another level of activity and stays there for the day.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct RegimeShift {
    pub(super) from_minute: f64,
    /// Factor on all arrivals.
    pub(super) activity: f64,
}

/// A new version of one service runs until its next deploy or its rollback: its service time has another level.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Deploy {
    pub(super) service: usize,
    pub(super) from_minute: f64,
    pub(super) until_minute: f64,
    /// Factor on the service time.
    pub(super) slower: f64,
}

/// Something breaks in one service.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Incident {
    pub(super) service: usize,
    pub(super) from_minute: f64,
    pub(super) until_minute: f64,
    /// Factor on the service time.
    pub(super) slower: f64,
    /// Share of the workers that are lost.
    pub(super) lost_workers: f64,
    /// Share of the requests that hit the slow path.
    pub(super) tail_share: f64,
    /// Exponent of the Pareto distribution of the slow path; below 2 its variance is infinite.
    pub(super) tail_exponent: f64,
}

/// Everything that happens on one day.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Schedule {
    pub(super) day: i64,
    pub(super) regimes: Vec<RegimeShift>,
    pub(super) deploys: Vec<Deploy>,
    pub(super) incidents: Vec<Incident>,
}

impl Schedule {
    /// The day's events.
    pub(super) fn of(seed: u64, day: i64) -> Self {
        let mut random = ChaCha8Rng::seed_from_u64(seed ^ 0x0DA1_5C4E_D01E_0001);
        random.set_stream(day.cast_unsigned());
        let level = |random: &mut ChaCha8Rng| (random.random_range(-0.3_f64..0.3)).exp();
        let mut regimes = vec![RegimeShift { from_minute: 0.0, activity: (random.random_range(-0.1_f64..0.1)).exp() }];
        for _ in 0..random.random_range(0..3) {
            let (from_minute, activity) = (random.random_range(570.0..930.0), level(&mut random));
            regimes.push(RegimeShift { from_minute, activity });
        }
        regimes.sort_by(|left, right| left.from_minute.total_cmp(&right.from_minute));
        let deploys = (0..random.random_range(2..6)).map(|_| {
            let from_minute = random.random_range(420.0..1_200.0);
            Deploy {
                service: random.random_range(0..FLEET.len()),
                from_minute,
                until_minute: from_minute + random.random_range(20.0..90.0),
                slower: (random.random_range(-0.15_f64..0.35)).exp(),
            }
        });
        let deploys = deploys.collect();
        let incidents = (0..random.random_range(6..11)).map(|_| {
            let from_minute = random.random_range(0.0..1_425.0);
            Incident {
                service: random.random_range(0..FLEET.len()),
                from_minute,
                until_minute: from_minute + random.random_range(3.0..15.0),
                slower: random.random_range(1.1..1.6),
                lost_workers: if random.random_bool(0.5) { random.random_range(0.2..0.5) } else { 0.0 },
                tail_share: random.random_range(0.02..0.12),
                tail_exponent: random.random_range(1.6..2.6),
            }
        });
        let incidents = incidents.collect();
        Self { day, regimes, deploys, incidents }
    }

    /// Factor on all arrivals at that minute.
    pub(super) fn activity(&self, minute: f64) -> f64 {
        self.regimes.iter().rev().find(|shift| shift.from_minute <= minute).map_or(1.0, |shift| shift.activity)
    }

    /// Factor of the deploys on the service time of a service.
    pub(super) fn deployed(&self, service: usize, minute: f64) -> f64 {
        let running =
            |deploy: &&Deploy| deploy.service == service && (deploy.from_minute..deploy.until_minute).contains(&minute);
        self.deploys.iter().rev().find(running).map_or(1.0, |deploy| deploy.slower)
    }

    /// The incident of a service, if it has one at that minute.
    pub(super) fn incident(&self, service: usize, minute: f64) -> Option<&Incident> {
        self.incidents.iter().find(|incident| {
            incident.service == service && (incident.from_minute..incident.until_minute).contains(&minute)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_a_function_of_seed_and_date() {
        assert_eq!(Schedule::of(7, 20_000), Schedule::of(7, 20_000));
        assert_ne!(Schedule::of(7, 20_000), Schedule::of(8, 20_000));
        assert_ne!(Schedule::of(7, 20_000).incidents, Schedule::of(7, 20_001).incidents);
    }

    #[test]
    fn events_hold_between_their_minutes_only() {
        let schedule = Schedule::of(1, 20_000);
        for incident in &schedule.incidents {
            assert!(schedule.incident(incident.service, incident.from_minute + 0.01).is_some());
        }
        let deploy = schedule.deploys.last().unwrap();
        assert_eq!(schedule.deployed(deploy.service, deploy.from_minute), deploy.slower);
        assert_eq!(schedule.deployed(deploy.service, 1.0), 1.0);
        assert_eq!(schedule.activity(0.0), schedule.regimes[0].activity);
    }
}
