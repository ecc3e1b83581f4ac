//! Waiting in a station with several workers, so that latency, queue and processors tell the same story.
//!
//! Sources: Sakasegawa, "An approximation formula L_q = α ρ^β / (1 - ρ)", Annals of the Institute of Statistical Mathematics
//! 29, 1977, for M/M/c; the Allen-Cunneen factor (1 + scv) / 2 for general service times (Allen, "Probability, Statistics,
//! and Queueing Theory", 1990, section 5.2).

/// Utilisation up to which the steady state is used; beyond it the queue grows and is followed tick by tick.
pub(super) const STEADY: f64 = 0.97;

/// A station in steady state.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Station {
    /// Arrivals per second.
    pub(super) arrivals: f64,
    /// Workers, at least 1.
    pub(super) workers: f64,
    /// Mean service time, in seconds.
    pub(super) service_time: f64,
    /// Squared coefficient of variation of the service time.
    pub(super) scv: f64,
}

impl Station {
    /// Requests per second that all workers together can serve.
    pub(super) fn capacity(&self) -> f64 {
        self.workers / self.service_time
    }

    /// Offered work per worker; 1 and more means that the queue grows.
    pub(super) fn utilisation(&self) -> f64 {
        self.arrivals / self.capacity()
    }

    /// Probability that a request has to wait.
    pub(super) fn wait_probability(&self) -> f64 {
        let utilisation = self.utilisation().min(STEADY);
        utilisation.powf((2.0 * (self.workers + 1.0)).sqrt() - 1.0)
    }

    /// Mean wait of all requests, in seconds.
    pub(super) fn mean_wait(&self) -> f64 {
        let utilisation = self.utilisation().min(STEADY);
        let variation = (1.0 + self.scv) / 2.0;
        variation * self.wait_probability() * self.service_time / (self.workers * (1.0 - utilisation))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// M/M/c by Erlang's C formula: with one worker W_q = ρ S / (1 - ρ) exactly; with two at ρ = 0.8, W_q = 16/9 S.
    #[test]
    fn waits_are_close_to_those_of_erlang() {
        for (workers, utilisation, expected) in
            [(1.0, 0.5, 1.0), (1.0, 0.9, 9.0), (2.0, 0.8, 16.0 / 9.0), (4.0, 0.8, 0.746)]
        {
            let station = Station { arrivals: utilisation * workers, workers, service_time: 1.0, scv: 1.0 };
            let got = station.mean_wait();
            assert!((got / expected - 1.0).abs() < 0.05, "c = {workers}, rho = {utilisation}: {got}, not {expected}");
        }
    }

    #[test]
    fn constant_service_halves_the_wait_and_overload_stays_finite() {
        let station = Station { arrivals: 0.9, workers: 1.0, service_time: 1.0, scv: 1.0 };
        assert!((Station { scv: 0.0, ..station }.mean_wait() / station.mean_wait() - 0.5).abs() < 1e-12);
        assert!(Station { arrivals: 5.0, ..station }.mean_wait().is_finite());
    }
}
