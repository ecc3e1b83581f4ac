//! Randomness that is a function of a key: no generator has a state to keep, and a decision can be made again from its key.
//!
//! Source: Philox4x64-10 of Salmon, Moraes, Dror and Shaw, "Parallel Random Numbers: As Easy as 1, 2, 3", SC 2011.
use super::normal;
use serde::{Deserialize, Serialize};

const MULTIPLIERS: [u64; 2] = [0xD2E7_470E_E14C_6C93, 0xCA5A_8263_9512_1157];
const WEYL: [u64; 2] = [0x9E37_79B9_7F4A_7C15, 0xBB67_AE85_84CA_A73B];
const ROUNDS: usize = 10;

/// What all randomness of one decision follows from, such as the 128 bits of the decision's id.
///
/// The same key and the same state give the same decision; a key that stands for a user gives that user one arm as long
/// as the law stays the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct DrawKey(u128);

impl DrawKey {
    /// The key of an id of 128 bits.
    #[must_use]
    pub const fn new(id: u128) -> Self {
        Self(id)
    }

    /// The key of a name, as of a user or an order book (its FNV-1a hash of 128 bits).
    #[must_use]
    pub fn of_name(name: &[u8]) -> Self {
        const OFFSET: u128 = 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d;
        const PRIME: u128 = 0x0000_0000_0100_0000_0000_0000_0000_013b;
        Self(name.iter().fold(OFFSET, |hash, byte| (hash ^ u128::from(*byte)).wrapping_mul(PRIME)))
    }

    /// The key of one round of a run with a seed.
    #[must_use]
    pub const fn of_round(seed: u64, round: u64) -> Self {
        Self((seed as u128) << 64 | round as u128)
    }
}

/// What a number drawn is for: each purpose has numbers of its own, whatever the others use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    /// Baseline, pick or exploration.
    Arm = 0,
    /// One of the arms that the policy likes best.
    Pick = 1,
    /// Posterior draws of Thompson sampling.
    Posterior = 2,
}

/// Numbers drawn one after the other for one purpose.
#[derive(Debug, Clone)]
pub(super) struct Draws {
    key: [u64; 2],
    purpose: u64,
    block: u64,
    words: [u64; 4],
    used: usize,
}

impl Draws {
    pub(super) fn new(key: DrawKey, purpose: Purpose) -> Self {
        let key = [key.0 as u64, (key.0 >> 64) as u64];
        Self { key, purpose: purpose as u64, block: 0, words: [0; 4], used: 4 }
    }

    /// A number strictly between 0 and 1, from 52 bits so that it is never rounded to 1.
    pub(super) fn uniform(&mut self) -> f64 {
        if self.used == self.words.len() {
            self.words = philox([self.block, self.purpose, 0, 0], self.key);
            (self.block, self.used) = (self.block + 1, 0);
        }
        let word = self.words[self.used];
        self.used += 1;
        ((word >> 12) as f64 + 0.5) * (1.0 / (1_u64 << 52) as f64)
    }

    /// A standard normal number.
    pub(super) fn normal(&mut self) -> f64 {
        normal::quantile(self.uniform())
    }

    /// Fills a buffer with standard normal numbers.
    pub(super) fn normals(&mut self, buffer: &mut [f64]) {
        buffer.iter_mut().for_each(|number| *number = self.uniform());
        normal::quantiles(buffer);
    }

    /// A number of the gamma law with this shape, at least 1, and scale 1.
    ///
    /// Source: Marsaglia and Tsang, "A Simple Method for Generating Gamma Variables", ACM TOMS 26, 2000.
    fn gamma(&mut self, shape: f64) -> f64 {
        let d = shape - 1.0 / 3.0;
        let c = 1.0 / (9.0 * d).sqrt();
        loop {
            let normal = self.normal();
            let root = 1.0 + c * normal;
            let cube = root * root * root;
            if cube > 0.0 && self.uniform().ln() < 0.5 * normal * normal + d * (1.0 - cube + cube.ln()) {
                return d * cube;
            }
        }
    }

    /// A number of the Beta law with these parameters, both at least 1.
    pub(super) fn beta(&mut self, a: f64, b: f64) -> f64 {
        let (x, y) = (self.gamma(a), self.gamma(b));
        x / (x + y)
    }
}

fn philox(mut counter: [u64; 4], mut key: [u64; 2]) -> [u64; 4] {
    let product = |multiplier: u64, word: u64| {
        let wide = u128::from(multiplier) * u128::from(word);
        ((wide >> 64) as u64, wide as u64)
    };
    for _ in 0..ROUNDS {
        let (high_0, low_0) = product(MULTIPLIERS[0], counter[0]);
        let (high_1, low_1) = product(MULTIPLIERS[1], counter[2]);
        counter = [high_1 ^ counter[1] ^ key[0], low_1, high_0 ^ counter[3] ^ key[1], low_0];
        key = [key[0].wrapping_add(WEYL[0]), key[1].wrapping_add(WEYL[1])];
    }
    counter
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The known answers that come with the authors' Random123 library.
    #[test]
    fn the_generator_gives_the_known_answers_of_its_authors() {
        let ones = u64::MAX;
        for (counter, key, expected) in [
            (
                [0; 4],
                [0; 2],
                [0x1655_4d9e_ca36_314c, 0xdb20_fe9d_672d_0fdc, 0xd7e7_72ce_e186_176b, 0x7e68_b68a_ec7b_a23b],
            ),
            (
                [ones; 4],
                [ones; 2],
                [0x87b0_92c3_013f_e90b, 0x438c_3c67_be8d_0224, 0x9cc7_d7c6_9cd7_77b6, 0xa09c_aebf_594f_0ba0],
            ),
            (
                [0x243f_6a88_85a3_08d3, 0x1319_8a2e_0370_7344, 0xa409_3822_299f_31d0, 0x082e_fa98_ec4e_6c89],
                [0x4528_21e6_38d0_1377, 0xbe54_66cf_34e9_0c6c],
                [0xa528_f454_03e6_1d95, 0x38c7_2dbd_566e_9788, 0xa5a1_610e_72fd_18b5, 0x57bd_43b5_e52b_7fe6],
            ),
        ] {
            assert_eq!(philox(counter, key), expected);
        }
    }

    /// FNV-1a of 128 bits: the offset basis for nothing, and the published hash of "a".
    #[test]
    fn names_are_hashed_as_published() {
        assert_eq!(DrawKey::of_name(b""), DrawKey::new(0x6c62_272e_07bb_0142_62b8_2175_6295_c58d));
        assert_eq!(DrawKey::of_name(b"a"), DrawKey::new(0xd228_cb69_6f1a_8caf_7891_2b70_4e4a_8964));
    }

    /// Mean and variance of each law within 5 standard errors of their closed forms.
    #[test]
    fn draws_have_the_moments_of_their_laws() {
        let n = 40_000_u32;
        let check = |name: &str, mean: f64, variance: f64, draw: &mut dyn FnMut(&mut Draws) -> f64| {
            let mut draws = Draws::new(DrawKey::of_name(name.as_bytes()), Purpose::Posterior);
            let values: Vec<f64> = (0..n).map(|_| draw(&mut draws)).collect();
            let n = f64::from(n);
            let got = values.iter().sum::<f64>() / n;
            let spread = values.iter().map(|value| (value - got).powi(2)).sum::<f64>() / n;
            assert!((got - mean).abs() < 5.0 * (variance / n).sqrt(), "{name}: mean {got} instead of {mean}");
            assert!((spread / variance - 1.0).abs() < 0.05, "{name}: variance {spread} instead of {variance}");
        };
        check("uniform", 0.5, 1.0 / 12.0, &mut Draws::uniform);
        check("normal", 0.0, 1.0, &mut Draws::normal);
        check("gamma", 3.5, 3.5, &mut |draws| draws.gamma(3.5));
        check("beta", 2.0 / 7.0, 10.0 / (49.0 * 8.0), &mut |draws| draws.beta(2.0, 5.0));
    }

    #[test]
    fn each_purpose_and_each_key_has_numbers_of_its_own_and_the_same_again() {
        let first = |key, purpose| Draws::new(key, purpose).uniform();
        let key = DrawKey::new(7);
        assert_eq!(first(key, Purpose::Arm), first(key, Purpose::Arm));
        assert_ne!(first(key, Purpose::Arm), first(key, Purpose::Pick));
        assert_ne!(first(key, Purpose::Arm), first(DrawKey::new(8), Purpose::Arm));
        assert_ne!(DrawKey::of_round(1, 2), DrawKey::of_round(2, 1));
    }
}
