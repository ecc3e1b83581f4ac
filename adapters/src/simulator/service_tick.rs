//! One service during one tick: from arrivals and service times to what an observer would measure.
use super::fleet::Profile;
use super::noise::Noise;
use super::queueing::Station;
use super::schedule::Incident;
use std::time::Duration;

/// Most seconds of work that may wait; admission control turns away what is beyond.
const LONGEST_BACKLOG_S: f64 = 8.0;
/// Raw latencies per tick and service.
pub(super) const SAMPLES: usize = 5;
/// Standard normal 0.99-quantile.
const Z99: f64 = 2.326_347_874_040_841;
/// Smallest slow-path latency, in service times: where the Pareto distribution starts.
const TAIL_START: f64 = 4.0;

/// What goes into a tick.
#[derive(Debug, Clone, Copy)]
pub(super) struct Inputs<'a> {
    pub(super) profile: &'a Profile,
    /// Expected arrivals per second.
    pub(super) arrivals: f64,
    /// Workers that are provided.
    pub(super) workers: f64,
    /// Factor of the running version on the service time.
    pub(super) deployed: f64,
    pub(super) incident: Option<&'a Incident>,
    /// Utilisation of the service that sends the requests.
    pub(super) upstream_load: f64,
}

/// What an observer measures.
#[derive(Debug, Clone, Copy)]
pub(super) struct Measured {
    pub(super) request_rate: f64,
    pub(super) p99_latency_ms: f64,
    pub(super) cpu_usage: f64,
    pub(super) error_rate: f64,
    pub(super) service_time_ms: f64,
    pub(super) scv: f64,
    pub(super) active_workers: f64,
    pub(super) queue_depth: f64,
    pub(super) upstream_load: f64,
    pub(super) latencies_ms: [f64; SAMPLES],
    /// Requests that were served, as a share of those that arrived; above 1 while a backlog drains.
    pub(super) throughput: f64,
}

/// Lets one tick of length `tick` pass; `backlog` are the requests that overload has left waiting.
pub(super) fn pass(inputs: Inputs<'_>, tick: Duration, backlog: &mut f64, noise: &mut Noise) -> Measured {
    let Inputs { profile, incident, upstream_load, .. } = inputs;
    let (slower, lost, tail_share, exponent) = incident.map_or((1.0, 0.0, 0.002, 3.0), |incident| {
        (incident.slower, incident.lost_workers, incident.tail_share, incident.tail_exponent)
    });
    let request_rate = inputs.arrivals * noise.factor(0.02 * 0.02 + 1.0 / inputs.arrivals.max(1.0));
    let body_ms = profile.service_ms * inputs.deployed * slower * noise.factor(0.0004);
    // The slow path keeps its worker busy for part of its time only: most of it is spent waiting for others.
    let tail_mean = TAIL_START * exponent / (exponent - 1.0);
    let service_time_ms = body_ms * (1.0 + 0.1 * tail_share * tail_mean);
    let scv = (profile.scv * (1.0 + 8.0 * tail_share)) * noise.factor(0.002);
    let workers = (inputs.workers * (1.0 - lost)).round().max(1.0);
    let station = Station { arrivals: request_rate, workers, service_time: service_time_ms / 1e3, scv };

    let before = *backlog;
    let seconds = tick.as_secs_f64();
    let room = LONGEST_BACKLOG_S * station.capacity();
    let offered = before + (request_rate - station.capacity() * 0.995) * seconds;
    *backlog = offered.clamp(0.0, room);
    let shed = ((offered - room) / (request_rate * seconds).max(1e-9)).clamp(0.0, 1.0);
    let throughput = (request_rate * (1.0 - shed) + (before - *backlog) / seconds) / request_rate.max(1e-9);

    let busy = if *backlog > 0.0 { 1.0 } else { station.utilisation().min(1.0) };
    let overload_ms = *backlog / station.capacity() * 1e3;
    let (waits, mean_wait_ms) = (station.wait_probability().max(1e-9), station.mean_wait() * 1e3);
    // A service time's spread is that of a log-normal one; a wait, if there is one, is close to exponential.
    let spread = profile.scv.ln_1p();
    let body_p99_ms = body_ms * (spread.sqrt() * Z99 - spread / 2.0).exp();
    let wait_p99_ms = mean_wait_ms / waits * (waits / 0.01).ln().max(0.0);
    let tail_p99_ms = body_ms * TAIL_START * (tail_share / 0.01).max(0.0).powf(1.0 / exponent);
    let body_p99_ms = if tail_share > 0.01 { body_p99_ms.max(tail_p99_ms) } else { body_p99_ms };
    let p99_latency_ms = (overload_ms + body_p99_ms + wait_p99_ms) * noise.factor(0.001);

    let latencies_ms = std::array::from_fn(|_| {
        let wait = if noise.uniform() < waits { mean_wait_ms / waits * noise.exponential() } else { 0.0 };
        let own = if noise.uniform() < tail_share {
            body_ms * TAIL_START * noise.pareto(exponent)
        } else {
            body_ms * noise.factor(profile.scv)
        };
        overload_ms + wait + own
    });
    let failing = 0.0004 + 0.3 * tail_share * f64::from(u8::from(incident.is_some())) + shed;
    Measured {
        request_rate,
        p99_latency_ms,
        cpu_usage: (0.03 + 0.95 * busy * noise.factor(0.0002)).clamp(0.0, 1.0),
        error_rate: (failing * noise.factor(0.04)).clamp(0.0, 1.0),
        service_time_ms,
        scv,
        active_workers: workers,
        queue_depth: (request_rate * station.mean_wait() + *backlog).round(),
        upstream_load: (upstream_load * noise.factor(0.0004)).clamp(0.0, 1.0),
        latencies_ms,
        throughput,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simulator::fleet::FLEET;

    const INCIDENT: Incident = Incident {
        service: 1,
        from_minute: 0.0,
        until_minute: 1.0,
        slower: 1.5,
        lost_workers: 0.5,
        tail_share: 0.1,
        tail_exponent: 1.8,
    };

    fn run(incident: Option<&Incident>, ticks: i64, backlog: &mut f64) -> Measured {
        let profile = &FLEET[1];
        let inputs = Inputs { profile, arrivals: 1_000.0, workers: 5.0, deployed: 1.0, incident, upstream_load: 0.5 };
        let all: Vec<Measured> =
            (0..ticks).map(|tick| pass(inputs, Duration::from_secs(1), backlog, &mut Noise::of(3, tick))).collect();
        all[all.len() - 1]
    }

    #[test]
    fn an_incident_raises_latency_queue_processors_and_errors_and_the_backlog_drains_afterwards() {
        let mut backlog = 0.0;
        let before = run(None, 10, &mut backlog);
        assert_eq!(backlog, 0.0);
        let during = run(Some(&INCIDENT), 60, &mut backlog);
        assert!(backlog > 0.0);
        assert!(during.p99_latency_ms > 5.0 * before.p99_latency_ms);
        assert!(during.queue_depth > 10.0 * before.queue_depth.max(1.0));
        assert!(during.cpu_usage > before.cpu_usage && during.error_rate > before.error_rate);
        assert!(run(None, 1, &mut backlog).throughput > 1.0);
        run(None, 60, &mut backlog);
        assert_eq!(backlog, 0.0);
    }
}
