//! How probable an Anderson-Darling statistic is when the tail is a generalized Pareto.
//!
//! Source: Choulakian and Stephens, "Goodness-of-Fit Tests for the Generalized Pareto Distribution", Technometrics 43,
//! 2001: with both parameters estimated the distribution of A² depends on the shape alone. Their table ends at shape 0.9
//! and knows only small probabilities; this one is computed by the same theory, see `anderson_darling.py` in the tests.

/// Probabilities of the table's columns.
const PROBABILITIES: [f64; 19] =
    [0.999, 0.99, 0.95, 0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2, 0.15, 0.1, 0.05, 0.025, 0.01, 0.005, 0.001, 0.0001];

/// A shape, and what A² exceeds with those probabilities in large samples.
struct Row {
    shape: f64,
    critical: [f64; 19],
}

/// P(A² >= `statistic`) for a fit of this shape, within the table's limits of 0.0001 and 0.999; that of large
/// samples. Shapes beyond 5, where the table ends, are taken as 5.
pub(super) fn p_value(statistic: f64, shape: f64) -> f64 {
    let (last, first) = (PROBABILITIES[PROBABILITIES.len() - 1], PROBABILITIES[0]);
    let critical = critical_values(shape);
    if statistic.is_nan() || statistic >= critical[critical.len() - 1] {
        return last;
    }
    // The odds of the probability are nearly a power of the statistic, so they are interpolated on logarithms.
    let ln_odds = |p: f64| (p / (1.0 - p)).ln();
    for (values, bounds) in critical.windows(2).zip(PROBABILITIES.windows(2)) {
        if statistic < values[1] {
            let share = ((statistic / values[0]).ln() / (values[1] / values[0]).ln()).max(0.0);
            let ln_odds = ln_odds(bounds[0]) + share * (ln_odds(bounds[1]) - ln_odds(bounds[0]));
            return (1.0 / (1.0 + (-ln_odds).exp())).clamp(last, first);
        }
    }
    last
}

/// The table's row at a shape, linear between its neighbours.
fn critical_values(shape: f64) -> [f64; 19] {
    let above = ROWS.iter().position(|row| row.shape >= shape).unwrap_or(ROWS.len() - 1).max(1);
    let (low, high) = (&ROWS[above - 1], &ROWS[above]);
    let share = ((shape - low.shape) / (high.shape - low.shape)).clamp(0.0, 1.0);
    std::array::from_fn(|column| low.critical[column] + share * (high.critical[column] - low.critical[column]))
}

#[rustfmt::skip]
const ROWS: [Row; 20] = [
    Row { shape: -0.5, critical: [0.1182, 0.1592, 0.2137, 0.2532, 0.3149, 0.3715, 0.4303, 0.4958, 0.5734, 0.6724, 0.8131, 0.9148, 1.0613, 1.3206, 1.5899, 1.9580, 2.2434, 2.9219, 3.9163] },
    Row { shape: -0.4, critical: [0.1149, 0.1539, 0.2055, 0.2427, 0.3003, 0.3530, 0.4075, 0.4680, 0.5395, 0.6304, 0.7591, 0.8518, 0.9853, 1.2209, 1.4653, 1.7993, 2.0582, 2.6739, 3.5764] },
    Row { shape: -0.3, critical: [0.1120, 0.1494, 0.1986, 0.2338, 0.2881, 0.3377, 0.3887, 0.4452, 0.5117, 0.5960, 0.7151, 0.8007, 0.9236, 1.1404, 1.3649, 1.6716, 1.9093, 2.4746, 3.3036] },
    Row { shape: -0.2, critical: [0.1096, 0.1456, 0.1927, 0.2263, 0.2779, 0.3249, 0.3730, 0.4262, 0.4886, 0.5676, 0.6788, 0.7586, 0.8730, 1.0744, 1.2828, 1.5672, 1.7877, 2.3121, 3.0812] },
    Row { shape: -0.1, critical: [0.1075, 0.1424, 0.1878, 0.2200, 0.2694, 0.3141, 0.3599, 0.4103, 0.4694, 0.5440, 0.6486, 0.7236, 0.8310, 1.0197, 1.2148, 1.4809, 1.6871, 2.1776, 2.8972] },
    Row { shape: 0.0, critical: [0.1058, 0.1397, 0.1836, 0.2147, 0.2622, 0.3051, 0.3489, 0.3970, 0.4533, 0.5241, 0.6234, 0.6944, 0.7959, 0.9740, 1.1579, 1.4087, 1.6030, 2.0651, 2.7432] },
    Row { shape: 0.1, critical: [0.1044, 0.1374, 0.1801, 0.2102, 0.2562, 0.2975, 0.3396, 0.3858, 0.4397, 0.5074, 0.6021, 0.6697, 0.7662, 0.9354, 1.1099, 1.3476, 1.5319, 1.9700, 2.6130] },
    Row { shape: 0.2, critical: [0.1031, 0.1355, 0.1772, 0.2065, 0.2511, 0.2911, 0.3318, 0.3763, 0.4282, 0.4932, 0.5840, 0.6487, 0.7410, 0.9026, 1.0690, 1.2957, 1.4713, 1.8889, 2.5019] },
    Row { shape: 0.3, critical: [0.1021, 0.1339, 0.1747, 0.2033, 0.2468, 0.2856, 0.3251, 0.3682, 0.4184, 0.4812, 0.5686, 0.6309, 0.7196, 0.8746, 1.0341, 1.2512, 1.4194, 1.8194, 2.4065] },
    Row { shape: 0.4, critical: [0.1013, 0.1326, 0.1726, 0.2007, 0.2431, 0.2810, 0.3195, 0.3614, 0.4101, 0.4709, 0.5555, 0.6156, 0.7011, 0.8505, 1.0041, 1.2130, 1.3747, 1.7594, 2.3241] },
    Row { shape: 0.5, critical: [0.1006, 0.1315, 0.1709, 0.1984, 0.2400, 0.2771, 0.3147, 0.3555, 0.4029, 0.4621, 0.5442, 0.6024, 0.6853, 0.8297, 0.9781, 1.1798, 1.3360, 1.7073, 2.2525] },
    Row { shape: 0.6, critical: [0.1000, 0.1305, 0.1694, 0.1965, 0.2374, 0.2738, 0.3105, 0.3505, 0.3968, 0.4545, 0.5345, 0.5911, 0.6716, 0.8118, 0.9557, 1.1511, 1.3024, 1.6621, 2.1902] },
    Row { shape: 0.7, critical: [0.0995, 0.1298, 0.1682, 0.1949, 0.2352, 0.2709, 0.3070, 0.3462, 0.3916, 0.4480, 0.5261, 0.5814, 0.6598, 0.7963, 0.9362, 1.1262, 1.2731, 1.6226, 2.1358] },
    Row { shape: 0.8, critical: [0.0991, 0.1291, 0.1671, 0.1935, 0.2333, 0.2685, 0.3041, 0.3426, 0.3871, 0.4424, 0.5189, 0.5730, 0.6496, 0.7828, 0.9193, 1.1045, 1.2477, 1.5882, 2.0882] },
    Row { shape: 0.9, critical: [0.0988, 0.1285, 0.1662, 0.1924, 0.2317, 0.2665, 0.3015, 0.3395, 0.3833, 0.4376, 0.5127, 0.5657, 0.6408, 0.7712, 0.9046, 1.0856, 1.2255, 1.5581, 2.0466] },
    Row { shape: 1.0, critical: [0.0985, 0.1281, 0.1655, 0.1914, 0.2303, 0.2647, 0.2993, 0.3368, 0.3800, 0.4335, 0.5073, 0.5594, 0.6332, 0.7611, 0.8919, 1.0691, 1.2062, 1.5319, 2.0102] },
    Row { shape: 1.5, critical: [0.0976, 0.1266, 0.1631, 0.1884, 0.2260, 0.2592, 0.2924, 0.3283, 0.3695, 0.4203, 0.4901, 0.5392, 0.6085, 0.7282, 0.8501, 1.0150, 1.1423, 1.4446, 1.8886] },
    Row { shape: 2.0, critical: [0.0972, 0.1261, 0.1622, 0.1871, 0.2243, 0.2569, 0.2896, 0.3248, 0.3652, 0.4149, 0.4830, 0.5309, 0.5983, 0.7144, 0.8326, 0.9922, 1.1152, 1.4074, 1.8365] },
    Row { shape: 3.0, critical: [0.0972, 0.1259, 0.1620, 0.1869, 0.2240, 0.2567, 0.2894, 0.3246, 0.3650, 0.4148, 0.4831, 0.5310, 0.5986, 0.7153, 0.8340, 0.9945, 1.1183, 1.4123, 1.8441] },
    Row { shape: 5.0, critical: [0.0977, 0.1269, 0.1637, 0.1892, 0.2275, 0.2614, 0.2955, 0.3324, 0.3751, 0.4282, 0.5015, 0.5534, 0.6269, 0.7549, 0.8862, 1.0644, 1.2022, 1.5301, 2.0115] },
];

#[cfg(test)]
mod tests {
    use super::*;

    /// Percentage points of Stephens, "Tests Based on EDF Statistics" (in D'Agostino and Stephens, "Goodness-of-Fit
    /// Techniques", 1986, table 4.14) for an exponential of unknown scale, to which the case of shape -0.5 is equal, and
    /// of Choulakian and Stephens 2001, table 2, for shape 0.
    #[test]
    fn published_percentage_points_have_their_probabilities() {
        for (shape, published) in [
            (-0.5, [(1.062, 0.1), (1.321, 0.05), (1.591, 0.025), (1.959, 0.01)]),
            (0.0, [(0.796, 0.1), (0.974, 0.05), (1.158, 0.025), (1.409, 0.01)]),
        ] {
            for (statistic, probability) in published {
                let got = p_value(statistic, shape);
                assert!((got / probability - 1.0).abs() < 0.005, "{shape}, {statistic}: {got}");
            }
        }
    }

    /// By the formula of Imhof between the table's own points, from the script that computed the table.
    #[test]
    fn between_its_points_the_table_follows_the_distribution() {
        for (statistic, shape, probability) in BETWEEN {
            let got = p_value(statistic, shape);
            assert!((got - probability).abs() < 0.01 * probability.max(0.1), "{shape}, {statistic}: {got}");
        }
    }
    #[rustfmt::skip]
    const BETWEEN: [(f64, f64, f64); 17] = [
        (0.12, -0.45, 0.99869), (0.63, -0.45, 0.31912), (0.25, -0.15, 0.84896),
        (1.0, -0.15, 0.05873), (0.42, 0.03, 0.44983), (1.5, 0.03, 0.00668),
        (0.63, 0.25, 0.15655), (2.2, 0.25, 0.00026), (1.0, 0.55, 0.02138),
        (0.12, 0.55, 0.99490), (1.5, 1.2, 0.00095), (0.25, 1.2, 0.73576),
        (0.42, 1.8, 0.29380), (0.12, 2.5, 0.99310), (0.63, 2.5, 0.08151),
        (0.25, 4.0, 0.72647), (1.0, 4.0, 0.01144),
    ];

    #[test]
    fn beyond_its_ends_the_table_says_its_limits() {
        assert!([0.0, 0.05].iter().all(|low| (p_value(*low, 0.1) - 0.999).abs() < 1e-12));
        assert_eq!((p_value(9.0, 0.1), p_value(f64::INFINITY, 0.1), p_value(f64::NAN, 0.1)), (1e-4, 1e-4, 1e-4));
        assert_eq!((p_value(0.9, -3.0), p_value(0.9, 90.0)), (p_value(0.9, -0.5), p_value(0.9, 5.0)));
    }
}
