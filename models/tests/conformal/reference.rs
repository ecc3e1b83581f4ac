//! ETTh1: XGBoost's model of the reference data, calibrated. Expected values come from an independent program
//! (numpy on XGBoost's own predictions).
use super::*;
use bellwether_models::metrics::{IntervalEvaluation, IntervalReport, UpperBoundEvaluation};
use bellwether_models::tail::boosting::{BoostedTrees, Objective, served_quantiles, xgboost};
use std::path::{Path, PathBuf};

/// Rows of a file: the quantiles of the levels ascending, the target, the hour.
struct Rows {
    quantiles: Vec<Vec<f64>>,
    targets: Vec<f64>,
    hours: Vec<u32>,
}

/// The folder of reference data, unless it is absent.
fn data() -> Option<PathBuf> {
    let default = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data");
    let folder = std::env::var_os("BELLWETHER_DATA").map_or(default, PathBuf::from).join("tail");
    if folder.is_dir() {
        return Some(folder);
    }
    println!("skipped: {} is not there (BELLWETHER_DATA names the folder of reference data)", folder.display());
    None
}

fn rows(folder: &Path, file: &str, model: &BoostedTrees) -> Rows {
    let text = std::fs::read_to_string(folder.join(file)).unwrap();
    let mut lines = text.lines();
    let heads: Vec<_> = lines.next().unwrap().split(',').collect();
    let place = |name: &str| heads.iter().position(|head| *head == name).unwrap();
    let features: Vec<_> = model.parts().features.names.iter().map(|name| place(name)).collect();
    let (target, hour) = (place("target"), place("hour"));
    let (mut inputs, mut targets, mut hours) = (Vec::new(), Vec::new(), Vec::new());
    for line in lines {
        let cells: Vec<f64> = line.split(',').map(|cell| cell.parse().unwrap()).collect();
        inputs.extend(features.iter().map(|place| cells[*place] as f32));
        targets.push(cells[target]);
        hours.push(cells[hour] as u32);
    }
    let Objective::Quantile { levels } = &model.parts().objective else { panic!() };
    let predicted = model.predict(&inputs).unwrap();
    let sorted = |row| served_quantiles(levels, row).iter().map(|served| f64::from(served.value)).collect();
    Rows { quantiles: predicted.chunks_exact(levels.len()).map(sorted).collect(), targets, hours }
}

impl Rows {
    /// The 0.05 and 0.95 quantiles.
    fn intervals(&self) -> Vec<Interval> {
        self.quantiles.iter().map(|row| Interval::new(row[0], row[2])).collect()
    }

    fn report(&self, corrected: impl Iterator<Item = Interval>) -> IntervalReport {
        let mut evaluation = IntervalEvaluation::new(coverage(0.9));
        corrected.zip(&self.targets).for_each(|(interval, target)| assert!(evaluation.add(interval, *target)));
        evaluation.report().unwrap()
    }
}

/// Calibration and test rows.
fn reference() -> Option<(Rows, Rows)> {
    let folder = data()?;
    let model = xgboost::read(&std::fs::read(folder.join("etth1_xgboost_quantile.json")).unwrap()).unwrap();
    let read = |file| rows(&folder, file, &model);
    Some((read("etth1_quantile_calibration.csv"), read("etth1_quantile_test.csv")))
}

#[track_caller]
fn assert_close(found: f64, expected: f64) {
    assert!((found - expected).abs() <= 1e-9 * expected.abs(), "{found} instead of {expected}");
}

/// Coverage, mean width and interval score, each with its standard error.
#[track_caller]
fn assert_report(report: &IntervalReport, expected: [[f64; 2]; 3]) {
    for (found, [value, error]) in [report.coverage, report.mean_width, report.interval_score].iter().zip(expected) {
        assert_close(found.value, value);
        assert_close(found.standard_error.unwrap(), error);
    }
}

#[test]
fn intervals_and_bounds_on_etth1_are_those_of_an_independent_program() {
    let Some((calibration, test)) = reference() else { return };
    for (sides, correction, expected) in [
        (
            Sides::Symmetric,
            Correction { lower: 0.413_276_992_797_850_8, upper: 0.413_276_992_797_850_8 },
            [
                [0.905_720_034_492_670_4, 0.004_954_979_999_984_774],
                [6.058_791_755_880_202, 0.054_497_962_214_418_48],
                [7.805_960_825_441_981, 0.176_608_466_642_322_08],
            ],
        ),
        (
            Sides::Asymmetric,
            Correction { lower: 0.437_491_256_713_867_5, upper: 0.394_099_792_480_469_45 },
            [
                [0.905_432_595_573_440_7, 0.004_961_740_059_517_826],
                [6.063_828_819_478_839_4, 0.054_497_962_214_418_49],
                [7.811_533_809_891_388_5, 0.176_297_644_223_523_45],
            ],
        ),
    ] {
        let calibrated = split(0.9, sides).calibrate(&calibration.intervals(), &calibration.targets).unwrap();
        assert_eq!(calibrated.size(), 3479);
        assert_close(calibrated.correction().lower, correction.lower);
        assert_close(calibrated.correction().upper, correction.upper);
        let corrected = test.intervals().into_iter().map(|interval| calibrated.correct(interval).interval);
        assert_report(&test.report(corrected), expected);
    }
    for (place, level, correction, covered, loss) in [
        (2, 0.95, 0.394_099_792_480_469_45, 0.945_961_483_184_823_2, 0.194_976_900_063_071_03),
        (3, 0.99, 0.599_246_833_251_953_6, 0.990_227_076_746_191_5, 0.054_533_831_408_238_77),
        (4, 0.999, -0.014_659_461_425_782_894, 0.998_850_244_323_081_3, 0.014_168_292_843_005_659),
    ] {
        let bounds = |rows: &Rows| rows.quantiles.iter().map(|row| Interval::up_to(row[place])).collect::<Vec<_>>();
        let calibrated = split(level, Sides::Upper).calibrate(&bounds(&calibration), &calibration.targets).unwrap();
        assert_close(calibrated.correction().upper, correction);
        let mut evaluation = UpperBoundEvaluation::new(coverage(level));
        for (bound, target) in bounds(&test).into_iter().zip(&test.targets) {
            assert!(evaluation.add(calibrated.correct(bound).interval.upper, *target));
        }
        let report = evaluation.report().unwrap();
        assert_close(report.coverage.value, covered);
        assert_close(report.pinball_loss.value, loss);
    }
}

#[test]
fn blocks_of_six_hours_on_etth1_are_those_of_an_independent_program() {
    let Some((calibration, test)) = reference() else { return };
    let blocks = |rows: &Rows| rows.hours.iter().map(|hour| hour / 6).collect::<Vec<_>>();
    let calibrated = split(0.9, Sides::Symmetric)
        .calibrate_by_group(&calibration.intervals(), &calibration.targets, &blocks(&calibration))
        .unwrap();
    for (block, size, correction) in [
        (0, 866, 0.509_183_731_079_101_4),
        (1, 848, 0.603_585_159_301_758_3),
        (2, 891, 0.433_546_815_872_192_7),
        (3, 874, 0.233_114_601_135_254_03),
    ] {
        assert_eq!((calibrated.of(&block).size, calibrated.of(&block).is_pooled), (size, false));
        assert_close(calibrated.of(&block).correction.upper, correction);
    }
    let blocks = blocks(&test);
    let corrected: Vec<_> =
        test.intervals().iter().zip(&blocks).map(|(one, block)| calibrated.correct(block, *one).interval).collect();
    assert_report(
        &test.report(corrected.iter().copied()),
        [
            [0.907_444_668_008_048_2, 0.004_914_122_848_220_047],
            [6.119_476_515_886_997, 0.056_620_590_866_783_7],
            [7.834_739_260_181_673, 0.173_713_305_038_028_48],
        ],
    );
    for (block, expected) in
        [0.925_458_715_596_330_3, 0.922_018_348_623_853_2, 0.903_686_087_990_487_6, 0.879_194_630_872_483_2]
            .iter()
            .enumerate()
    {
        let rows = corrected.iter().zip(&test.targets).zip(&blocks).filter(|(_, other)| **other as usize == block);
        let inside: Vec<bool> = rows.map(|((interval, target), _)| interval.contains(*target)).collect();
        assert_close(inside.iter().filter(|inside| **inside).count() as f64 / inside.len() as f64, *expected);
    }
}
