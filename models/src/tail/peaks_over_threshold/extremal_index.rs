//! How much extremes cluster.
//! Source: Ferro and Segers, "Inference for Clusters of Extreme Values", JRSS B 65, 2003, equations 4 and 5.

use super::error::ExtremesError;

/// Extremal index θ in (0, 1\] by the intervals estimator, in index time: 1/θ is the mean number of exceedances in a
/// cluster, 1 means that they come alone.
///
/// - `values`: in the order of time, evenly spaced; those strictly above `threshold` are the exceedances.
/// - With T the N - 1 gaps between neighbouring exceedances: 2·(ΣT)²/((N - 1)·ΣT²) if no gap exceeds 2, otherwise
///   2·(Σ(T - 1))²/((N - 1)·Σ(T - 1)(T - 2)); at most 1.
///
/// # Errors
/// `Empty`, `NonFinite`, `Option` (threshold not finite), `ThresholdAboveAll`, `TooFewExceedances`.
pub fn extremal_index(values: &[f64], threshold: f64) -> Result<f64, ExtremesError> {
    if values.is_empty() {
        return Err(ExtremesError::Empty);
    }
    if !threshold.is_finite() {
        return Err(super::OutOfRange { name: "threshold", value: threshold, range: "(-inf, inf)" }.into());
    }
    let (mut count, mut last, mut largest_gap) = (0_usize, 0_usize, 0.0_f64);
    let (mut sum, mut squares, mut maximum) = (0.0, 0.0, f64::NEG_INFINITY);
    for (index, &value) in values.iter().enumerate() {
        if !value.is_finite() {
            return Err(ExtremesError::NonFinite { index, value });
        }
        maximum = maximum.max(value);
        if value > threshold {
            if count > 0 {
                let gap = (index - last) as f64;
                sum += gap;
                squares += gap * gap;
                largest_gap = largest_gap.max(gap);
            }
            (count, last) = (count + 1, index);
        }
    }
    if count == 0 {
        return Err(ExtremesError::ThresholdAboveAll { threshold, maximum });
    }
    if count < super::MINIMUM_EXCEEDANCES {
        return Err(ExtremesError::TooFewExceedances { got: count, need: super::MINIMUM_EXCEEDANCES, threshold });
    }
    let gaps = (count - 1) as f64;
    let index = if largest_gap <= 2.0 {
        2.0 * sum * sum / (gaps * squares)
    } else {
        // Σ(T - 1) = ΣT - gaps and Σ(T - 1)(T - 2) = ΣT² - 3·ΣT + 2·gaps: whole numbers, so nothing is lost.
        2.0 * (sum - gaps).powi(2) / (gaps * (squares - 3.0 * sum + 2.0 * gaps))
    };
    Ok(index.min(1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn series(gaps: &[usize]) -> Vec<f64> {
        let mut values = vec![1.0];
        for &gap in gaps {
            values.extend(std::iter::repeat_n(0.0, gap - 1));
            values.push(1.0);
        }
        values
    }

    /// By hand. Ten gaps of 1: 2·100/(10·10) = 2, capped. Five pairs: gaps 1,9,1,9,…,1 (five 1s, four 9s):
    /// 2·32²/(9·4·8·7). Gaps 1 and 2 only (nine 1s, one 2): 2·121/(10·13).
    #[test]
    fn the_index_is_that_of_the_paper() {
        let pairs = [1, 9, 1, 9, 1, 9, 1, 9, 1];
        for (gaps, expected) in [
            (vec![1; 10], 1.0),
            (vec![7; 10], 1.0),
            (pairs.to_vec(), 2.0 * 1024.0 / (9.0 * 224.0)),
            ([vec![1; 30], vec![101; 2]].concat(), 2.0 * 200.0 * 200.0 / (32.0 * 2.0 * 100.0 * 99.0)),
        ] {
            let expected = f64::min(expected, 1.0);
            let got = extremal_index(&series(&gaps), 0.5).unwrap();
            assert!((got - expected).abs() < 1e-14, "{gaps:?}: {got}");
        }
    }

    #[test]
    fn refusals_name_what_was_given() {
        assert_eq!(extremal_index(&[], 0.0), Err(ExtremesError::Empty));
        let got = extremal_index(&[1.0, f64::INFINITY], 0.0);
        assert_eq!(got, Err(ExtremesError::NonFinite { index: 1, value: f64::INFINITY }));
        let got = extremal_index(&[1.0, 2.0], 2.0);
        assert_eq!(got, Err(ExtremesError::ThresholdAboveAll { threshold: 2.0, maximum: 2.0 }));
        let got = extremal_index(&[1.0, 2.0], 0.0);
        assert_eq!(got, Err(ExtremesError::TooFewExceedances { got: 2, need: 10, threshold: 0.0 }));
        assert!(extremal_index(&[1.0], f64::NAN).is_err());
    }
}
