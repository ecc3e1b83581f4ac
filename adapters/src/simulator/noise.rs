//! Random numbers of one tick: a stream of its own, so that a tick's noise does not depend on the ticks before it.
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// Draws for one tick.
#[derive(Debug)]
pub(super) struct Noise(ChaCha8Rng);

impl Noise {
    /// The stream of a second of wall time.
    pub(super) fn of(seed: u64, second: i64) -> Self {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        random.set_stream(second.cast_unsigned());
        Self(random)
    }

    /// Uniform on (0, 1].
    pub(super) fn uniform(&mut self) -> f64 {
        1.0 - self.0.random::<f64>()
    }

    /// Standard normal (Box and Muller, Annals of Mathematical Statistics 29, 1958).
    pub(super) fn normal(&mut self) -> f64 {
        let (radius, angle) = ((-2.0 * self.uniform().ln()).sqrt(), std::f64::consts::TAU * self.uniform());
        radius * angle.cos()
    }

    /// Exponential with mean 1.
    pub(super) fn exponential(&mut self) -> f64 {
        -self.uniform().ln()
    }

    /// Pareto with scale 1: P(X > x) = x^-exponent, at most 1e4.
    pub(super) fn pareto(&mut self, exponent: f64) -> f64 {
        self.uniform().powf(-1.0 / exponent).min(1e4)
    }

    /// Log-normal factor with mean 1 and squared coefficient of variation `scv`.
    pub(super) fn factor(&mut self, scv: f64) -> f64 {
        let variance = scv.ln_1p();
        (variance.sqrt() * self.normal() - variance / 2.0).exp()
    }
}
