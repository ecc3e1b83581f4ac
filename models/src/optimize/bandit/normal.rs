//! The quantile of the standard normal law, fast enough to make many draws.
//!
//! Source: Wichura, "Algorithm AS 241: The Percentage Points of the Normal Distribution", Applied Statistics 37, 1988,
//! routine PPND16; about 16 digits.
use statrs::function::erf::erfc_inv;

#[expect(clippy::excessive_precision, reason = "as the source prints them")]
const CENTRE: ([f64; 8], [f64; 8]) = (
    [
        2.509_080_928_730_122_672_7e3,
        3.343_057_558_358_812_810_5e4,
        6.726_577_092_700_870_085_3e4,
        4.592_195_393_154_987_145_7e4,
        1.373_169_376_550_946_112_5e4,
        1.971_590_950_306_551_442_7e3,
        1.331_416_678_917_843_774_5e2,
        3.387_132_872_796_366_608,
    ],
    [
        5.226_495_278_852_854_561e3,
        2.872_908_573_572_194_267_4e4,
        3.930_789_580_009_271_061e4,
        2.121_379_430_158_659_586_7e4,
        5.394_196_021_424_751_107_7e3,
        6.871_870_074_920_579_083e2,
        4.231_333_070_160_091_125_2e1,
        1.0,
    ],
);
#[expect(clippy::excessive_precision, reason = "as the source prints them")]
const TAIL: ([f64; 8], [f64; 8]) = (
    [
        7.745_450_142_783_414_076_4e-4,
        2.272_384_498_926_918_458_33e-2,
        2.417_807_251_774_506_117_7e-1,
        1.270_458_252_452_368_382_58,
        3.647_848_324_763_204_605_04,
        5.769_497_221_460_691_405_5,
        4.630_337_846_156_545_295_9,
        1.423_437_110_749_683_577_34,
    ],
    [
        1.050_750_071_644_416_843_24e-9,
        5.475_938_084_995_344_946e-4,
        1.519_866_656_361_645_719_66e-2,
        1.481_039_764_274_800_745_9e-1,
        6.897_673_349_851_000_045_5e-1,
        1.676_384_830_183_803_849_4,
        2.053_191_626_637_758_821_87,
        1.0,
    ],
);

/// Distance from one half up to which the first formula holds.
const CENTRAL: f64 = 0.425;

/// The number that a standard normal one stays below with `probability`, which lies strictly between 0 and 1.
pub(super) fn quantile(probability: f64) -> f64 {
    if (probability - 0.5).abs() <= CENTRAL { central(probability) } else { tail(probability) }
}

/// Turns each probability into its quantile.
pub(super) fn quantiles(probabilities: &mut [f64]) {
    let mut chunk = [0.0; 64];
    for probabilities in probabilities.chunks_mut(chunk.len()) {
        // Without a branch, so that a processor computes several at once; the few outside are done again.
        for (quantile, probability) in chunk.iter_mut().zip(probabilities.iter()) {
            *quantile = central(*probability);
        }
        for (probability, quantile) in probabilities.iter_mut().zip(&chunk) {
            *probability = if (*probability - 0.5).abs() <= CENTRAL { *quantile } else { tail(*probability) };
        }
    }
}

fn central(probability: f64) -> f64 {
    let from_centre = probability - 0.5;
    from_centre * ratio(&CENTRE, 0.180_625 - from_centre * from_centre)
}

fn tail(probability: f64) -> f64 {
    let outside = if probability < 0.5 { probability } else { 1.0 - probability };
    let root = (-outside.ln()).sqrt();
    let magnitude =
        if root <= 5.0 { ratio(&TAIL, root - 1.6) } else { std::f64::consts::SQRT_2 * erfc_inv(2.0 * outside) };
    magnitude.copysign(probability - 0.5)
}

fn ratio((above, below): &([f64; 8], [f64; 8]), at: f64) -> f64 {
    let polynomial = |coefficients: &[f64; 8]| coefficients.iter().fold(0.0, |sum, next| sum * at + next);
    polynomial(above) / polynomial(below)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Expected values: R's `qnorm`, as tabulated to 15 digits.
    #[test]
    fn quantiles_are_those_of_the_tables() {
        for (probability, expected) in [
            (0.5, 0.0),
            (0.75, 0.674_489_750_196_082),
            (0.925, 1.439_531_470_938_46),
            (0.975, 1.959_963_984_540_05),
            (0.999, 3.090_232_306_167_81),
            (1e-9, -5.997_807_015_007_69),
            (1e-15, -7.941_345_326_170_998),
        ] {
            let got = quantile(probability);
            assert!((got - expected).abs() < 1e-12 * (1.0 + expected.abs()), "{probability}: {got}");
        }
    }

    #[test]
    fn many_at_once_are_those_of_each() {
        let probabilities: Vec<f64> = (1..1000).map(|i| f64::from(i) / 1000.0).collect();
        let mut got = probabilities.clone();
        quantiles(&mut got);
        for (got, probability) in got.iter().zip(probabilities) {
            assert_eq!(*got, quantile(probability));
        }
    }

    #[test]
    fn the_pieces_meet_and_rise() {
        for piece in [0.075, 0.925, 1.388_794_386_496_402e-11] {
            let (below, above) = (quantile(piece * (1.0 - 1e-12)), quantile(piece * (1.0 + 1e-12)));
            assert!(above >= below && above - below < 1e-10, "{piece}: {below}, {above}");
        }
    }
}
