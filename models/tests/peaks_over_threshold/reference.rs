//! Fits and intervals found by scipy alone (`reference/optimum.py`), on samples that both programs make for themselves:
//! shapes from the limit to above 1, scales from 1e-9 to 1e9, ten exceedances to 100,000.

use super::*;

/// A sample with what scipy 1.17.1 finds for it.
struct Reference {
    /// Shape, scale, size, seed.
    sample: (f64, f64, usize, u64),
    shape: f64,
    scale: f64,
    log_likelihood: f64,
    /// 95 % profile limits, lower and upper, of the shape, the value at risk at 0.99 and the mean beyond it.
    bounds: [Option<f64>; 6],
}

/// The sample of the script: uniforms by a linear congruential generator, made generalized Pareto by inversion.
fn sample((shape, scale, m, seed): (f64, f64, usize, u64)) -> Vec<f64> {
    let mut state = seed;
    let mut uniform = || {
        state = (1_664_525 * state + 1_013_904_223) % (1 << 32);
        (state as f64 + 0.5) / 4_294_967_296.0
    };
    let value = |u: f64| scale * if shape == 0.0 { -u.ln() } else { (-shape * u.ln()).exp_m1() / shape };
    (0..m).map(|_| value(uniform())).collect()
}

#[test]
fn fits_and_profile_intervals_are_those_that_scipy_finds() {
    for reference in FITS {
        let Reference { sample: described, shape, scale, log_likelihood, bounds } = reference;
        let what = format!("{described:?}");
        let fit = fit_above(0.0, &sample(described));
        // Where the likelihood is nearly flat scipy's own search is good to 1e-6 of the shape.
        assert!((fit.shape() - shape).abs() < 1e-6, "{what}: {} instead of {shape}", fit.shape());
        assert_close(&what, fit.scale(), scale, 1e-6);
        assert_close(&what, fit.log_likelihood(), log_likelihood, 1e-9);
        let quantities =
            [Quantity::Shape, Quantity::ValueAtRisk(level(0.99)), Quantity::ConditionalValueAtRisk(level(0.99))];
        for (quantity, expected) in quantities.into_iter().zip(bounds.chunks(2)) {
            let got = fit.interval(quantity, IntervalMethod::ProfileLikelihood, Coverage::default());
            let got = got.map_or([None, None], |interval| [interval.lower, interval.upper]);
            for (got, expected) in got.into_iter().zip(expected) {
                match (got, expected) {
                    (Some(got), Some(expected)) => assert_close(&format!("{what}, {quantity:?}"), got, *expected, 1e-5),
                    (got, expected) => assert_eq!(got, *expected, "{what}, {quantity:?}"),
                }
            }
        }
    }
}

#[rustfmt::skip]
const FITS: [Reference; 12] = [
    Reference { sample: (0.0, 1.0, 200, 1), shape: 0.0516267540999, scale: 9.865353713238e-01, log_likelihood: -207.614131062, bounds: [Some(-8.588203571e-02), Some(2.295528851e-01), Some(4.143806715e+00), Some(7.237600810e+00), Some(4.898473547e+00), Some(1.043425688e+01)] },
    Reference { sample: (0.001, 1e-9, 500, 2), shape: 0.0877843127541, scale: 8.567249127973e-10, log_likelihood: 9895.05996234, bounds: [Some(-1.574620296e-03), Some(1.942565446e-01), Some(4.170197213e-09), Some(5.980377780e-09), Some(5.119369171e-9), Some(8.359689999e-09)] },
    Reference { sample: (-0.25, 1e9, 300, 3), shape: -0.270465489803, scale: 9.599199306430e+08, log_likelihood: -6423.56848307, bounds: [Some(-3.475813324e-01), Some(-1.709020953e-01), Some(2.348564291e+09), Some(2.836846528e+09), Some(2.538271613e+09), Some(3.159004136e+09)] },
    Reference { sample: (-0.45, 7.0, 1000, 4), shape: -0.484483437052, scale: 7.052080364561e+00, log_likelihood: -2468.83922341, bounds: [None, Some(-4.297146847e-01), Some(1.269013239e+01), Some(1.342839762e+01), Some(1.317963212e+01), Some(1.402641554e+01)] },
    Reference { sample: (0.3, 1e-9, 10, 5), shape: 0.0134004660785, scale: 1.303094119620e-09, log_likelihood: 194.451238423, bounds: [None, Some(1.368346952e+00), Some(3.405462174e-09), Some(3.032010674e-07), Some(3.935520738e-09), None] },
    Reference { sample: (0.2, 3.0, 10, 12), shape: -0.206369275671, scale: 5.446945182933e+00, log_likelihood: -24.8868565896, bounds: [None, Some(7.730547424e-01), Some(1.095879328e+01), Some(1.650291919e+02), Some(1.222205440e+01), Some(7.130254242e+02)] },
    Reference { sample: (0.6, 1e9, 50, 6), shape: 0.492255553746, scale: 8.919033221459e+08, log_likelihood: -1105.05619276, bounds: [Some(1.471043048e-01), Some(1.079075594e+00), Some(7.197759989e+09), Some(9.018815069e+10), Some(1.011275471e+10), None] },
    Reference { sample: (1.3, 2.0, 80, 7), shape: 1.19402745948, scale: 1.842884221880e+00, log_likelihood: -224.428745258, bounds: [Some(7.863628691e-01), Some(1.782375875e+00), Some(1.004260370e+02), Some(3.149065505e+03), None, None] },
    Reference { sample: (1.8, 1e-9, 400, 8), shape: 2.02776082675, scale: 9.835077809557e-10, log_likelihood: 7084.85389595, bounds: [Some(1.744805776e+00), Some(2.356740840e+00), Some(1.900255143e-06), Some(1.971856541e-05), None, None] },
    Reference { sample: (-0.1, 5e5, 25, 9), shape: -0.101447573451, scale: 6.718434466328e+05, log_likelihood: -357.908326315, bounds: [Some(-4.079171697e-01), Some(5.042088377e-01), Some(1.778576627e+06), Some(8.733060671e+06), Some(2.003840971e+06), Some(1.814083449e+07)] },
    Reference { sample: (0.15, 1.0, 100_000, 10), shape: 0.148935313243, scale: 1.006799518396e+00, log_likelihood: -115571.181917, bounds: [Some(1.418722875e-01), Some(1.560979901e-01), Some(6.570572161e+00), Some(6.756671146e+00), Some(8.840313551e+00), Some(9.189083053e+00)] },
    Reference { sample: (-0.3, 1e9, 100_000, 11), shape: -0.300214827268, scale: 1.000876169320e+09, log_likelihood: -2142392.67954, bounds: [Some(-3.046588486e-01), Some(-2.956246216e-01), Some(2.486657635e+09), Some(2.508307048e+09), Some(2.677546246e+09), Some(2.704053405e+09)] },
];
