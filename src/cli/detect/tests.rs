use super::super::Refusal;
use super::*;
use bellwether_adapters::csv::CsvReader;
use bellwether_models::anomaly::bocpd::Options;
use bocpd::{hindsight, online};
use clap::Parser;
use series::{Series, written};

#[derive(Debug, Parser)]
struct Line {
    #[command(subcommand)]
    command: Command,
}

fn parsed(options: &[&str]) -> Result<bocpd::Bocpd, clap::Error> {
    let all = ["detect", "bocpd", "--data", "f.csv"].iter().chain(options);
    Line::try_parse_from(all).map(|line| {
        let Command::Bocpd(bocpd) = line.command;
        bocpd
    })
}

fn series(text: &str) -> Series {
    Series::take(CsvReader::new(text.as_bytes(), "f.csv").unwrap(), "value", |_| None).unwrap()
}

/// The whole command on a file of this text; its refusal.
fn refusal(text: &str, options: &[&str]) -> String {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("f.csv");
    std::fs::write(&path, text).unwrap();
    let mut bocpd = parsed(options).unwrap();
    bocpd.data = path;
    let error = bocpd.run().unwrap_err();
    let said = error.downcast_ref::<Refusal>().unwrap().to_string();
    assert!(said.lines().count() <= 3 && said.contains("\nhint: "), "{said}");
    said.replace(&folder.path().join("f.csv").display().to_string(), "f.csv")
}

/// Values between 0 and 1 that look like noise, and 5 more from row `step` on.
fn stepped(rows: u32, step: u32) -> Vec<Option<f64>> {
    let noise = |row: u32| f64::from(row * 7919 % 101) / 101.0;
    (0..rows).map(|row| Some(noise(row) + if row < step { 0.0 } else { 5.0 })).collect()
}

#[test]
fn rows_are_labelled_by_the_best_column_there_is() {
    for (text, label, second) in [
        ("index,time,value\n0,2020,1\n1,2021,2\n", "time", "2021"),
        ("value,index\n1,0\n2,7\n", "index", "7"),
        ("value\n1\n2\n", "index", "1"),
        ("date,timestamp,value\na,\"b,c\",1\na,\"b,\"\"d\"\"\",2\n", "timestamp", "\"b,\"\"d\"\"\""),
    ] {
        let series = series(text);
        assert_eq!((series.label(), series.labelled(1).as_str()), (label, second), "{text}");
    }
    let labels = Series::take(CsvReader::new(&b"time,index\n5,1\n6,2\n"[..], "f").unwrap(), "time", |_| None).unwrap();
    assert_eq!((labels.label(), labels.labelled(0).as_str()), ("index", "1"));
}

#[test]
fn missing_cells_keep_their_row() {
    assert_eq!(series("value,x\n1,a\n,b\nNA,c\nnan,d\n2,e\n").values, [Some(1.0), None, None, None, Some(2.0)]);
}

#[test]
fn numbers_are_written_so_that_they_are_read_back() {
    for (value, text) in [(0.1, "0.1"), (25.0, "25"), (-1e300, "-1e300"), (1e-7, "1e-7"), (0.0, "0")] {
        assert_eq!(written(value), text);
        assert_eq!(written(value).parse(), Ok(value));
    }
}

#[test]
fn online_a_change_is_marked_behind_its_start_and_in_hindsight_at_it() {
    let values = stepped(200, 120);
    let marked = |verdicts: Vec<bocpd::Verdict>| -> Vec<(usize, u64)> {
        let rows = verdicts.iter().enumerate();
        rows.filter_map(|(row, verdict)| Some((row, verdict.change_point?))).collect()
    };
    let alarms = marked(online(&values, Options::default()).unwrap());
    assert!(matches!(alarms[..], [(121..=125, 120)]), "{alarms:?}");
    let found = hindsight(&values, Options::default()).unwrap();
    assert_eq!((found[119].run_length, found[120].run_length, found[199].run_length), (120, 1, 80));
    assert_eq!(marked(found), [(120, 120)]);
}

#[test]
fn options_that_mean_nothing_are_refused() {
    for options in [
        &["--hazard-lambda", "1"][..],
        &["--hazard-lambda", "-5"],
        &["--hazard-lambda", "inf"],
        &["--hazard-lambda", "many"],
        &["--model", "cauchy"],
    ] {
        assert!(parsed(options).is_err(), "{options:?}");
    }
    assert!(parsed(&["--hazard-lambda", "1e4", "--retrospective", "--model", "poisson"]).is_ok());
}

#[test]
fn a_refusal_says_what_where_and_what_to_do() {
    for (text, options, start, hint) in [
        ("x\n1\n", &[][..], "f.csv has no column \"value\" (it has x)", "rename or add it"),
        (
            "value\n1\ninf\n",
            &[],
            "f.csv line 3, column \"value\" is \"inf\"",
            "give a finite number, or leave it empty",
        ),
        (
            "value\n3\n-1\n",
            &["--model", "poisson"],
            "the model cannot explain -1\n  at f.csv line 3, column \"value\"",
            "give whole numbers from 0 to 1e15, or choose another --model",
        ),
        (
            "value\n1\n0.5\n",
            &["--model", "bernoulli"],
            "the model cannot explain 0.5\n  at f.csv line 3, column \"value\"",
            "give 0 or 1, or choose another --model",
        ),
        (
            "value\n1\n",
            &["--plot", "regimes.png"],
            "regimes.png does not end in .svg",
            "pictures are SVG: name one such as regimes.svg",
        ),
        (
            "value\n1\n",
            &["--plot", "regimes.svg"],
            "there is nothing to draw\n  at f.csv, column \"value\"",
            "give at least two rows, or leave --plot out",
        ),
    ] {
        let said = refusal(text, options);
        assert!(said.starts_with(start) && said.ends_with(&format!("\nhint: {hint}")), "{said}");
    }
}

#[test]
fn a_picture_is_drawn_of_any_magnitude_and_of_a_constant() {
    for unit in [0.0, 1e-200, 1.0, 1e200] {
        for rows in [30, 20_000] {
            let values: Vec<Option<f64>> = stepped(rows, 20).iter().map(|value| value.map(|v| v * unit)).collect();
            let verdicts = online(&values, Options::default()).unwrap();
            let picture = picture::Picture { column: "<a&b>\u{1}", values: &values, verdicts: &verdicts };
            let svg = picture.draw().unwrap().unwrap();
            assert!(svg.starts_with("<svg") && svg.contains("&lt;a&amp;b&gt;") && !svg.contains("NaN"), "{unit}");
            assert!(svg.len() < 400_000, "{}", svg.len());
        }
    }
}
