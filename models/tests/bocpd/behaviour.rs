//! What a user sees: alarms, starts, magnitudes, scores.

use super::*;
use statrs::distribution::{ContinuousCDF, StudentsT};

/// Rows at which alarms were raised.
fn alarms(steps: &[Step]) -> Vec<u64> {
    steps.iter().filter(|step| step.is_change).map(|step| step.index).collect()
}

#[test]
fn one_step_raises_one_alarm_and_is_described() {
    for step in [4.0, -6.0, 20.0, 1e6] {
        let (detector, steps) = watched(Options::default(), &stepped(2, 800, 500, step));
        let change = *detector.last_change().unwrap();
        assert_eq!(alarms(&steps), [change.alarm], "step {step}");
        assert!(change.start.abs_diff(500) <= 1 && change.lag() <= 8 && change.probability > 0.9, "{change:?}");
        assert_eq!((change.before.samples, change.before.start), (change.start, 0));
        let (lower, upper) = change.before.mean_interval.unwrap();
        assert!(lower < 0.05 && upper > -0.05 && upper - lower < 0.3, "{change:?}");
        assert!((change.before.standard_deviation.unwrap() - 1.0).abs() < 0.1, "{change:?}");
        assert!((change.after.mean.unwrap() - step).abs() < 2.0, "{change:?}");
        let now = detector.regime();
        assert_eq!((now.start, now.samples), (change.start, 800 - change.start));
        assert!((now.mean.unwrap() - step).abs() < 0.3 && detector.run_length().abs_diff(300) <= 1, "{now:?}");
        // The window of the change probability has passed.
        assert!(detector.change_probability() < 0.01 && steps[504].change_probability > 0.9);
    }
}

#[test]
fn a_change_of_spread_alone_is_found() {
    let values: Vec<f64> =
        noise(4, 700).iter().enumerate().map(|(row, z)| z * if row < 500 { 1.0 } else { 6.0 }).collect();
    for model in [ObservationModel::default(), ObservationModel::variance()] {
        let (detector, _) = watched(Options::default().with_model(model), &values);
        let change = detector.last_change().unwrap();
        assert!(change.start.abs_diff(500) <= 6 && change.lag() < 30, "{change:?}");
        assert!(change.after.standard_deviation.unwrap() > 2.5 * change.before.standard_deviation.unwrap());
    }
}

#[test]
fn a_single_spike_is_no_change_and_two_rows_beside_each_other_are() {
    for spike in [12.0, -40.0, 1e5, 1e300] {
        let mut values = noise(9, 600);
        values[300] = spike;
        let (detector, steps) = watched(Options::default(), &values);
        assert!(alarms(&steps).is_empty(), "{spike}: {:?}", alarms(&steps));
        assert!(steps[300].score > 8.0 && steps[310].score < 4.0, "{spike}");
        let mean = detector.posterior().find(|(length, _)| *length == 600).unwrap().1;
        assert!(mean > 0.9, "{spike}: {mean}");
        let some: Vec<Option<f64>> = values.iter().copied().map(Some).collect();
        // The spread of the whole series is the spike's when it is far larger than everything else.
        assert!(spike.abs() > 1e4 || segment(&some, Options::default()).unwrap().change_points().is_empty());
        let (_, without) = watched(Options::default().with_outlier_share(0.0), &values);
        assert!(!alarms(&without).is_empty(), "{spike} without a share of outliers");
    }
    let mut values = noise(9, 600);
    (300..600).for_each(|row| values[row] += 12.0);
    let (_, steps) = watched(Options::default(), &values);
    assert!(matches!(alarms(&steps)[..], [301..=303]), "{:?}", alarms(&steps));
}

/// Each step is twenty times as high as the noise is wide. The levels before it must not make it look small.
#[test]
fn every_step_of_a_staircase_is_found() {
    let values: Vec<f64> =
        noise(3, 320).iter().zip(0_u32..).map(|(one, row)| one + f64::from(20 * (row / 40))).collect();
    let (detector, steps) = watched(Options::default(), &values);
    let found = alarms(&steps);
    assert_eq!(found.len(), 7, "{found:?}");
    assert!(found.iter().zip(1..).all(|(alarm, step)| (40 * step..40 * step + 5).contains(alarm)), "{found:?}");
    assert_eq!(detector.last_change().unwrap().start, 280);
}

#[test]
fn stationary_noise_raises_no_alarm() {
    let raised: usize = (0..10).map(|seed| alarms(&watched(Options::default(), &noise(seed, 5_000)).1).len()).sum();
    eprintln!("{raised} alarms in 50,000 samples of normal noise");
    assert!(raised <= 1, "{raised} alarms in 50,000 samples");
}

#[test]
fn larger_steps_are_told_sooner() {
    let mut before = f64::INFINITY;
    for step in [1.0, 2.0, 4.0, 10.0] {
        let (mut lag, mut error) = (0, 0);
        for seed in 0..20 {
            let (detector, steps) = watched(Options::default(), &stepped(100 + seed, 700, 500, step));
            let alarm = alarms(&steps).into_iter().find(|row| *row >= 500).unwrap();
            lag += alarm - 500;
            error += detector.last_change().unwrap().start.abs_diff(500);
        }
        let (lag, error) = (lag as f64 / 20.0, error as f64 / 20.0);
        eprintln!(
            "step of {step} standard deviations: alarm after {lag:.1} samples, start off by {error:.1}, 20 of 20"
        );
        assert!(lag < before, "step {step}: {lag} after {before}");
        before = lag;
    }
}

#[test]
fn a_short_mean_run_length_finds_more_changes() {
    let values = noise(6, 600);
    let some: Vec<Option<f64>> = stepped(6, 600, 300, 1.2).into_iter().map(Some).collect();
    let of = |mean| Options::default().with_hazard(Hazard::constant(mean).unwrap());
    let starts = |mean| segment(&some, of(mean)).unwrap().change_points().len();
    assert!(starts(1e12) <= starts(1e5) && starts(1e5) <= starts(20.0));
    let probability = |mean| watched(of(mean), &values).0.change_probability();
    assert!(probability(20.0) > probability(1e5));
}

#[test]
fn an_announced_event_makes_a_change_after_it_likelier_and_sooner_told() {
    let hazard = Hazard::default().with_event(10.0, 20).unwrap();
    let values = stepped(8, 540, 500, 2.0);
    let first_alarm = |announce: bool, options: Options| {
        let mut detector = Detector::new(options).unwrap();
        let mut rows = values.iter().enumerate().map(|(row, value)| {
            if row == 500 && announce {
                detector.announce_event();
            }
            (row, detector.observe(Some(*value)).is_change)
        });
        rows.find(|(_, is_change)| *is_change).map(|(row, _)| row)
    };
    let options = Options::default().with_hazard(hazard);
    let (told, silent) = (first_alarm(true, options).unwrap(), first_alarm(false, options).unwrap());
    assert!(500 < told && told < silent, "row {told} told, row {silent} not");
    assert_eq!(first_alarm(true, Options::default()), first_alarm(false, Options::default()));
}

/// The prediction after n values of a known unit is Student's t [Murphy 2007, equation 110]; its tail is the score.
#[test]
fn the_score_is_the_two_sided_tail_of_students_t() {
    let values = [0.3, -0.4, 1.1, 0.2, -0.9];
    for newest in [-7.0, -1.0, 0.1, 2.0, 30.0] {
        let (k, a, b) = (0.5, 2.0, 1.5);
        let prior = ObservationModel::Gaussian(GaussianPrior { mean_weight: k, shape: a, scale: b });
        let options = known().with_model(prior).with_hazard(Hazard::constant(1e15).unwrap());
        let (mut detector, _) = watched(options, &values);
        let n = values.len() as f64;
        let mean = values.iter().sum::<f64>() / n;
        let within: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
        let (weight, shape) = (k + n, a + n / 2.0);
        let scale = b + 0.5 * within + k * n * mean * mean / (2.0 * weight);
        let (centre, spread) = (n * mean / weight, (scale * (weight + 1.0) / (shape * weight)).sqrt());
        let student = StudentsT::new(centre, spread, 2.0 * shape).unwrap();
        let tail = 2.0 * student.cdf(newest).min(student.sf(newest));
        let score = detector.observe(Some(newest)).score;
        assert!((score + tail.log10()).abs() < 1e-6 * (1.0 + score), "{newest}: {score} {}", -tail.log10());
    }
}

#[test]
fn on_noise_scores_are_as_rare_as_they_say() {
    let (_, steps) = watched(Options::default(), &noise(21, 20_000));
    for (score, expected) in [(1.0, 2_000.0_f64), (2.0, 200.0)] {
        let above = steps.iter().filter(|step| step.score >= score).count() as f64;
        assert!((above - expected).abs() < 5.0 * expected.sqrt(), "score {score}: {above} rows instead of {expected}");
    }
}

#[test]
fn segments_are_described_in_the_unit_of_the_data() {
    let values = [[10.0, 11.0, 9.0, 10.0].repeat(10), [50.0, 52.0, 51.0, 51.0].repeat(10)].concat();
    let some: Vec<Option<f64>> = values.into_iter().map(Some).collect();
    let found = segment(&some, Options::default()).unwrap();
    let described: Vec<(u64, u64, f64)> = found
        .segments()
        .iter()
        .map(|segment| (segment.start, segment.samples, segment.mean.unwrap().round()))
        .collect();
    assert_eq!(described, [(0, 40, 10.0), (40, 40, 51.0)]);
}
