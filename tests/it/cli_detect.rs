//! `bellwether detect` through the real program.
use crate::support::bellwether;
use std::path::PathBuf;
use tempfile::TempDir;

struct Folder(TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn write(&self, name: &str, text: impl AsRef<[u8]>) -> String {
        std::fs::write(self.path(name), text).unwrap();
        self.path(name).display().to_string()
    }
}

/// A row per second; values that look like noise, and 5 more from row `step` on.
fn stepped(rows: u32, step: u32) -> String {
    let mut text = "ts,host,value\n".to_owned();
    for row in 0..rows {
        let value = f64::from(row * 7919 % 101) / 101.0 + if row < step { 0.0 } else { 5.0 };
        text += &format!("2026-11-23T10:{:02}:{:02}Z,a,{value}\n", row / 60, row % 60);
    }
    text
}

/// The cells of every row but the header's.
fn rows(text: &str) -> Vec<Vec<&str>> {
    text.lines().skip(1).map(|line| line.split(',').collect()).collect()
}

#[test]
fn every_row_is_answered_and_the_alarm_names_the_row_where_the_change_began() {
    let folder = Folder::new();
    let file = folder.write("f.csv", stepped(300, 200));
    let answered = bellwether(&["detect", "bocpd", "--data", &file], &[]);
    assert_eq!((answered.code, answered.stderr.as_str()), (Some(0), ""));
    assert!(answered.stdout.starts_with("ts,value,score,run_length,is_change,change_point\n2026-11-23T10:00:00Z,0,"));
    let rows = rows(&answered.stdout);
    assert_eq!(rows.len(), 300);
    let marked: Vec<_> = rows.iter().enumerate().filter(|(_, row)| row[4] == "1").collect();
    assert!(matches!(marked[..], [(201..=205, row)] if row[5] == "200"), "{marked:?}");
    assert!(rows.iter().all(|row| row.len() == 6 && (row[4] == "1") != row[5].is_empty()));
    assert!(rows[200][2].parse::<f64>().unwrap() > 3.0, "{:?}", rows[200]);
    assert_eq!(rows[299][3], "100");
}

#[test]
fn in_hindsight_the_first_row_of_a_regime_is_marked() {
    let folder = Folder::new();
    let file = folder.write("f.csv", stepped(300, 200));
    let answered = bellwether(&["detect", "bocpd", "--data", &file, "--retrospective"], &[]);
    assert_eq!(answered.code, Some(0));
    let rows = rows(&answered.stdout);
    let marked: Vec<_> = rows.iter().enumerate().filter(|(_, row)| row[4] == "1").collect();
    assert!(matches!(marked[..], [(200, row)] if row[5] == "200" && row[3] == "1"), "{marked:?}");
}

#[test]
fn missing_values_are_rows_without_a_value_and_line_ends_make_no_difference() {
    let folder = Folder::new();
    let mut text = "index,value\n".to_owned();
    for row in 0..60 {
        text += &format!("{row},{}\n", if row % 10 == 3 { "NA".to_owned() } else { (row % 7).to_string() });
    }
    let expected = bellwether(&["detect", "bocpd", "--data", &folder.write("f.csv", &text)], &[]);
    let answered = rows(&expected.stdout);
    assert_eq!((answered.len(), &answered[33][..3]), (60, &["33", "", "0.0000"][..]));
    for other in [format!("\u{feff}{text}"), text.replace('\n', "\r\n"), text.replace('\n', "\r")] {
        let same = bellwether(&["detect", "bocpd", "--data", &folder.write("g.csv", other)], &[]);
        assert_eq!(same.stdout, expected.stdout);
    }
}

#[test]
fn other_columns_models_and_hazards_can_be_chosen() {
    let folder = Folder::new();
    let mut text = "errors,failed,value\n".to_owned();
    for row in 0..120_u32 {
        let errors = row * 31 % 4 + if row < 80 { 0 } else { 12 };
        text += &format!("{errors},{},x\n", u32::from(row >= 80));
    }
    let file = folder.write("f.csv", text);
    for (column, model) in
        [("errors", "poisson"), ("failed", "bernoulli"), ("errors", "gaussian"), ("errors", "variance")]
    {
        let arguments = [
            "detect",
            "bocpd",
            "--data",
            &file,
            "--column",
            column,
            "--model",
            model,
            "--hazard-lambda",
            "1000",
            "--retrospective",
        ];
        let answered = bellwether(&arguments, &[]);
        assert_eq!(answered.code, Some(0), "{answered:?}");
        let rows = rows(&answered.stdout);
        assert!(answered.stdout.starts_with("index,value,") && rows[7][0] == "7");
        let marked: Vec<_> = rows.iter().enumerate().filter(|(_, row)| row[4] == "1").map(|(row, _)| row).collect();
        assert!(marked.iter().any(|row| row.abs_diff(80) <= 3), "{column} {model}: {marked:?}");
    }
}

#[test]
fn a_picture_is_written_as_a_whole() {
    let folder = Folder::new();
    let file = folder.write("f.csv", stepped(300, 200));
    let picture = folder.path("regimes.svg").display().to_string();
    let answered = bellwether(&["detect", "bocpd", "--data", &file, "--plot", &picture], &[]);
    assert_eq!(answered.code, Some(0));
    let svg = std::fs::read_to_string(&picture).unwrap();
    assert!(svg.starts_with("<svg") && svg.contains("1 change in 300 rows"));
    assert_eq!(std::fs::read_dir(folder.0.path()).unwrap().count(), 2);
}

#[test]
fn bad_input_and_wrong_usage_are_refused_with_a_hint() {
    let folder = Folder::new();
    let file = folder.write("f.csv", "value\n1\n-inf\n");
    for (arguments, expected) in [
        (&["detect", "bocpd", "--data", "/none/f.csv"][..], "hint: give the path of a readable CSV file"),
        (
            &["detect", "bocpd", "--data", &file],
            "f.csv line 3, column \"value\" is \"-inf\"\nhint: give a finite number",
        ),
        (
            &["detect", "bocpd", "--data", &file, "--column", "x"],
            "no column \"x\" (it has value)\nhint: rename or add it",
        ),
        (&["detect", "bocpd", "--data", &file, "--hazard-lambda", "0"], "hint: "),
        (&["detect", "bocpd"], "--data"),
        (&["detect", "bocdp"], "hint: did you mean `bocpd`?"),
    ] {
        let refused = bellwether(arguments, &[]);
        assert!(refused.refusal().contains(expected), "{arguments:?}: {refused:?}");
    }
    let binary = folder.write("b.csv", [b"value\n".to_vec(), vec![0xff; 3_000_000]].concat());
    assert!(bellwether(&["detect", "bocpd", "--data", &binary], &[]).refusal().contains("hint: "));
}

#[test]
fn an_empty_table_and_constants_are_answered() {
    let folder = Folder::new();
    let header = "index,value,score,run_length,is_change,change_point\n";
    let empty = bellwether(&["detect", "bocpd", "--data", &folder.write("e.csv", "value\n")], &[]);
    assert_eq!((empty.code, empty.stdout.as_str()), (Some(0), header));
    let constant = "value\n".to_owned() + &"7\n".repeat(100);
    for more in [&[][..], &["--retrospective"]] {
        let file = folder.write("c.csv", &constant);
        let answered = bellwether(&[&["detect", "bocpd", "--data", &file], more].concat(), &[]);
        assert!(rows(&answered.stdout).iter().all(|row| row[1] == "7" && row[2] == "0.0000" && row[4] == "0"));
    }
}

#[test]
fn help_teaches() {
    let help = bellwether(&["detect", "bocpd", "--help"], &[]);
    assert_eq!(help.code, Some(0));
    for word in ["Example:", "--retrospective", "--hazard-lambda", "is_change", "change_point", "in time order"] {
        assert!(help.stdout.contains(word), "no {word}: {}", help.stdout);
    }
    assert!(help.stdout.lines().all(|line| line.chars().count() <= 110), "{}", help.stdout);
}
