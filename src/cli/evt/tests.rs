use super::*;
use bellwether_actors::models::AskedPeriod;
use bellwether_adapters::csv::CsvReader;
use clap::Parser;
use std::path::Path;

#[derive(Debug, Parser)]
struct Line {
    #[command(subcommand)]
    command: Command,
}

fn parsed(options: &[&str]) -> Result<Fit, clap::Error> {
    let all = ["evt", "fit", "--data", "f.csv"].iter().chain(options);
    Line::try_parse_from(all).map(|line| {
        let Command::Fit(fit) = line.command else { panic!("not the command that was typed") };
        *fit
    })
}

fn values(text: &str) -> Result<Values, Refusal> {
    let table = CsvReader::new(text.as_bytes(), "f.csv").map_err(|error| advised(&error.to_string()))?;
    Values::take(table, "value")
}

/// The whole command on a file of this text; its refusal.
fn refusal(text: &str, options: &[&str]) -> String {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("f.csv");
    std::fs::write(&path, text).unwrap();
    let mut fit = parsed(options).unwrap();
    fit.data = path;
    let error = run(Arguments { command: Command::Fit(Box::new(fit)) }).unwrap_err();
    let said = error.downcast_ref::<Refusal>().unwrap().to_string();
    assert!(said.lines().count() <= 3 && said.contains("\nhint: "), "{said}");
    said.replace(&folder.path().join("f.csv").display().to_string(), "f.csv")
}

fn column(numbers: impl IntoIterator<Item = f64>) -> String {
    numbers.into_iter().fold("value\n".to_owned(), |text, number| text + &format!("{number}\n"))
}

#[test]
fn options_become_the_question() {
    let given = |threshold| ThresholdChoice::Given(threshold);
    for (options, threshold, choice) in [
        (&["--threshold", "-5.0"][..], given(Threshold::Value(-5.0)), "value"),
        (&["--threshold=-1e3"], given(Threshold::Value(-1000.0)), "value"),
        (&["--threshold-quantile", "0.9"], given(Threshold::Quantile(Level::new(0.9).unwrap())), "quantile"),
        (&["--choose-threshold"], ThresholdChoice::Tested(FalseDiscoveryRate::default()), "tested"),
        (&[], ThresholdChoice::Usual(Threshold::Automatic), "automatic"),
    ] {
        let fit = parsed(options).unwrap();
        assert_eq!((fit.question().unwrap().threshold, fit.choice()), (threshold, choice), "{options:?}");
    }
    let all = ["--levels", "0.99,0.999", "--return-periods", "100,1e4", "--intervals", "profile", "--coverage", "0.9"];
    let question = parsed(&all).unwrap().question().unwrap();
    assert_eq!(question.levels.unwrap().iter().map(|level| level.get()).collect::<Vec<_>>(), [0.99, 0.999]);
    assert_eq!(question.return_periods.unwrap(), [100.0.into(), 10_000.0.into()]);
    assert_eq!((question.intervals, question.coverage.get()), (IntervalKind::Profile, 0.9));
    let bursts = ["--period", "5min", "--return-periods", "1d,500", "--clusters", "3"];
    let question = parsed(&bursts).unwrap().question().unwrap();
    let day = AskedPeriod { name: "1d".to_owned(), observations: 288.0 };
    assert_eq!(
        (question.return_periods, question.clusters),
        (Some(vec![day, 500.0.into()]), Some(Declustering::Runs(3)))
    );
    assert_eq!(parsed(&["--clusters", "auto"]).unwrap().clusters, Some(Declustering::Intervals));
}

#[test]
fn options_that_mean_nothing_are_refused() {
    for options in [
        &["--threshold", "1", "--threshold-quantile", "0.9"][..],
        &["--threshold", "inf"],
        &["--threshold", "NaN"],
        &["--threshold-quantile", "1"],
        &["--threshold-quantile", "-0.1"],
        &["--levels", "0.9,1.0"],
        &["--levels", ""],
        &["--return-periods", "1"],
        &["--return-periods", "inf"],
        &["--coverage", "95"],
        &["--intervals", "exact"],
        &["--choose-threshold", "--threshold", "1"],
        &["--choose-threshold", "--threshold-quantile", "0.9"],
        &["--clusters", "0"],
        &["--clusters", "some"],
        &["--period", "5"],
        &["--return-periods", "1y"],
    ] {
        assert!(parsed(options).is_err(), "{options:?}");
    }
}

#[test]
fn missing_cells_are_skipped_and_keep_their_place_in_time() {
    let read = values("x,value\n1,5\n2,\n3,NA\n4,6\n5,nan\n").unwrap();
    assert_eq!((&read.values[..], &read.missing[..]), (&[5.0, 6.0][..], &[1, 2, 4][..]));
    assert_eq!(read.series().in_time(0.0), [5.0, 0.0, 0.0, 6.0, 0.0]);
}

#[test]
fn a_refusal_says_what_where_and_what_to_do() {
    let hundred = || column((0..100).map(f64::from));
    for (text, options, start, hint) in [
        ("x\n1\n".to_owned(), &[][..], "f.csv has no column \"value\" (it has x)", "rename or add it"),
        (
            String::new(),
            &[],
            "f.csv has no header",
            "its first line must name the columns, as in ts,service,name,value",
        ),
        (
            "value\n1\ninf\n".to_owned(),
            &[],
            "f.csv line 3, column \"value\" is \"inf\"",
            "give a finite number, or leave it empty",
        ),
        (
            "value\na: b; c\n".to_owned(),
            &[],
            "f.csv line 2, column \"value\" is \"a: b; c\"",
            "give a number with a decimal point, or leave it empty",
        ),
        (
            "value,x\n1\n".to_owned(),
            &[],
            "f.csv line 2 has 1 cells instead of 2",
            "give every row as many cells as the header",
        ),
        (
            "value\nNA\n".to_owned(),
            &[],
            "no values were given\n  at f.csv, column \"value\"",
            "a tail needs at least 10 above its threshold",
        ),
        (
            hundred(),
            &["--threshold", "96"],
            "3 values above threshold 96 are too few, 10 are needed\n  at f.csv, column \"value\"",
            "lower the threshold or give more",
        ),
        (
            hundred(),
            &["--threshold", "99"],
            "threshold 99 is not below the largest value 99\n  at f.csv",
            "lower the threshold",
        ),
        (
            hundred(),
            &["--threshold-quantile", "0.8", "--levels", "0.7"],
            "level 0.7 is below the tail, which starts at level 0.8\n  at f.csv",
            "ask for a higher one or lower the threshold",
        ),
        (
            column([7.0; 50]),
            &[],
            "the 50 largest values all equal 7",
            "they hold no tail, give a threshold below them or more data",
        ),
        (
            hundred(),
            &["--plot", "tail.png"],
            "tail.png does not end in .svg",
            "pictures are SVG: name one such as tail.svg",
        ),
        (
            hundred(),
            &["--plot", "/none/tail.svg"],
            "/none/tail.svg cannot be written",
            "name a file in a writable folder",
        ),
    ] {
        let said = refusal(&text, options);
        assert!(said.starts_with(start) && said.ends_with(&format!("\nhint: {hint}")), "{said}");
    }
}

#[test]
fn a_missing_file_and_more_numbers_than_sensible_are_refused() {
    let said = Values::read(Path::new("/none.csv"), "value").unwrap_err().to_string();
    assert!(said.starts_with("/none.csv cannot be opened") && said.contains("\nhint: give the path"), "{said}");
    let many = vec!["0.5"; MOST_ASKED + 1].join(",");
    let said = parsed(&["--levels", &many]).unwrap().check().unwrap_err().to_string();
    assert!(said.starts_with("--levels holds more than 32 numbers"), "{said}");
}

#[test]
fn work_that_would_take_too_long_is_refused_before_it_begins() {
    let values = vec![1.0; MOST_EXCEEDANCES + 1];
    let refused = |options: &[&str], values: &[f64]| {
        let fit = parsed(options).unwrap();
        fit.check_work(values, fit.question().unwrap().threshold).unwrap_err().to_string()
    };
    assert!(refused(&["--threshold", "0"], &values).starts_with("1000001 values above the threshold"));
    let said = refused(&["--threshold", "0", "--intervals", "profile"], &values[..100_000]);
    assert!(
        said.ends_with("hint: raise the threshold until at most 40000 are left, or use --intervals delta"),
        "{said}"
    );
    let endless = input::Limited { source: std::io::repeat(b'\n'), left: 5 << 20 };
    let refused = CsvReader::new(endless, "f.csv").unwrap_err().to_string();
    assert!(refused.contains("longer than"), "{refused}");
}

#[test]
fn ten_exceedances_make_a_picture_of_any_magnitude_and_name() {
    for unit in [1e-200, 1.0, 1e200] {
        let values: Vec<f64> = (1..=40).map(|i| unit * 100.0 / f64::from(i)).collect();
        let question = ExtremesQuestion {
            threshold: ThresholdChoice::Given(Threshold::Value(unit * 9.5)),
            return_periods: Some(vec![100.0.into()]),
            ..ExtremesQuestion::default()
        };
        let read = Values { values, missing: Vec::new() };
        let picture = picture::Picture::of("<a&b>\u{1}", read.series(), &question).unwrap();
        let svg = picture.draw().unwrap().unwrap();
        assert!(svg.starts_with("<svg") && svg.contains("&lt;a&amp;b&gt;") && !svg.contains("NaN"), "{unit}");
    }
}

/// Exact optimum and profile bounds of the Danish fire losses, found by an independent program.
#[test]
fn the_danish_fire_losses_have_the_known_tail() {
    let folder = std::env::var_os("BELLWETHER_DATA")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data"), PathBuf::from);
    let path = folder.join("tail/danish_fire.csv");
    if !path.exists() {
        eprintln!("skipped: {} is not there; set BELLWETHER_DATA", path.display());
        return;
    }
    let column = Values::read(&path, "value").unwrap();
    for (threshold, exceedances, figures) in [
        (
            "5",
            254,
            [
                0.6315430,
                3.8091271,
                0.1116373,
                0.4638638,
                -754.1115369,
                27.513279,
                121.167946,
                76.439561,
                330.620289,
                73.260,
                251.096,
                0.8726,
                1.0731,
                0.19063,
            ],
        ),
        (
            "10",
            109,
            [
                0.4969858,
                6.9754680,
                0.1362838,
                1.1134906,
                -374.8929902,
                27.289987,
                94.339352,
                58.240101,
                191.535274,
                63.169,
                189.098,
                1.0,
                0.2663,
                0.03316,
            ],
        ),
        (
            "20",
            36,
            [
                0.6841522,
                9.6351328,
                0.2750739,
                2.8976230,
                -142.1844577,
                25.847354,
                102.227292,
                69.018819,
                310.843942,
                63.134,
                310.777,
                0.8402,
                0.1936,
                0.02846,
            ],
        ),
    ] {
        let options = ["--threshold", threshold, "--levels", "0.99,0.999", "--intervals", "profile"];
        let question = parsed(&options).unwrap().question().unwrap();
        let got = report(column.series(), &question).unwrap();
        let number = |path: &str| {
            let mut parts = path.split(' ');
            let first = got.field(parts.next().unwrap()).unwrap();
            parts.fold(first, |value, name| value.at(name).unwrap()).as_number().unwrap()
        };
        assert_eq!((number("exceedances"), column.missing.len()), (f64::from(exceedances), 0));
        let paths = [
            "shape",
            "scale",
            "standard_errors shape",
            "standard_errors scale",
            "log_likelihood",
            "var 0.99",
            "var 0.999",
            "cvar 0.99",
            "cvar 0.999",
            "intervals var 0.999 lower",
            "intervals var 0.999 upper",
            "extremal_index",
            "goodness_of_fit anderson_darling",
            "goodness_of_fit cramer_von_mises",
        ];
        for (path, expected) in paths.into_iter().zip(figures) {
            let tolerance = match path.split(' ').next() {
                Some("goodness_of_fit") => 3e-4,
                Some("intervals" | "extremal_index") => 6e-5,
                _ => 1e-6,
            };
            assert!((number(path) / expected - 1.0).abs() < tolerance, "{threshold} {path}: {}", number(path));
        }
    }
}
