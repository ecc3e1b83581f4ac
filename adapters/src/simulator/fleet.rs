//! The six services of the simulated fleet, in the order of an order's way through them.

/// What one service is like on an ordinary day.
#[derive(Debug, Clone, Copy)]
pub(super) struct Profile {
    /// Its name.
    pub(super) name: &'static str,
    /// Requests per second at the height of the opening.
    pub(super) peak_rate: f64,
    /// Mean service time, in milliseconds.
    pub(super) service_ms: f64,
    /// Squared coefficient of variation of the service time.
    pub(super) scv: f64,
    /// Utilisation for which its workers are provided.
    pub(super) target: f64,
    /// How much of its load comes after the close (0 follows the market).
    pub(super) after_close: f64,
}

/// The fleet; each service sends its requests to the next.
pub(super) const FLEET: [Profile; 6] = [
    Profile { name: "market-data", peak_rate: 6_000.0, service_ms: 0.8, scv: 0.6, target: 0.62, after_close: 0.0 },
    Profile { name: "order-gateway", peak_rate: 1_800.0, service_ms: 3.0, scv: 1.0, target: 0.60, after_close: 0.0 },
    Profile { name: "risk-check", peak_rate: 1_700.0, service_ms: 4.0, scv: 1.4, target: 0.58, after_close: 0.0 },
    Profile { name: "matching", peak_rate: 1_600.0, service_ms: 1.5, scv: 0.4, target: 0.52, after_close: 0.0 },
    Profile { name: "execution", peak_rate: 900.0, service_ms: 6.0, scv: 1.2, target: 0.60, after_close: 0.0 },
    Profile { name: "settlement", peak_rate: 300.0, service_ms: 20.0, scv: 1.8, target: 0.66, after_close: 0.8 },
];
