use super::*;
use clap::Parser;

#[derive(Debug, Parser)]
struct Line {
    #[command(flatten)]
    xgboost: Xgboost,
}

const ROWS: &str = "a,b,y\n1,x,10\n2,x,20\n3,z,30\n4,z,40\n5,x,50\n6,z,60\n";

fn parsed(options: &[&str]) -> Result<Xgboost, clap::Error> {
    let all = ["xgboost", "--data", "f.csv", "--target", "y", "--quantiles", "0.5", "--out", "m.json"];
    Line::try_parse_from(all.iter().chain(options)).map(|line| line.xgboost)
}

/// The whole command on a file of this text; its refusal. Nothing is written.
fn refusal(text: &str, options: &[&str]) -> String {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    std::fs::write(path("f.csv"), text).unwrap();
    let mut xgboost = parsed(options).unwrap();
    xgboost.data = path("f.csv");
    xgboost.out = path(xgboost.out.to_str().unwrap());
    let error = xgboost.run().unwrap_err();
    let said = error.downcast_ref::<Refusal>().unwrap().to_string();
    assert!(said.lines().count() <= 3 && said.contains("\nhint: "), "{said}");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "{said}");
    said.replace(&format!("{}/", folder.path().display()), "")
}

#[test]
fn bad_files_are_refused_with_line_and_column() {
    let numbers = "a,y\n1,10\n2,20\n";
    for (text, options, expected) in [
        (
            ROWS,
            &[][..],
            "column \"b\" is \"x\", which is no number\n  at f.csv line 2\nhint: name the column in --categorical",
        ),
        ("a,y\n1,\n", &[], "f.csv line 2, column \"y\" is empty\n"),
        ("a,y\n1,2\n3,inf\n", &[], "f.csv line 3, column \"y\" is \"inf\"\nhint: give a finite number"),
        ("a,y\ninf,2\n", &[], "f.csv line 2, column \"a\" is \"inf\""),
        ("a,y\n1,1e300\n", &[], "the target is 1e300, beyond what a 32-bit model holds\n  at f.csv line 2\n"),
        ("a,y\n-1e300,1\n", &[], "column \"a\" is -1e300, beyond what a 32-bit model compares\n  at f.csv line 2\n"),
        ("a,y\n1,2\n3\n", &[], "f.csv line 3 has 1 cells instead of 2"),
        ("a,y\n1,2\n", &[], "the table has one row\n  at f.csv\nhint: give rows whose targets differ"),
        ("a,y\n1,2.5\n2,2.5\n", &[], "the target \"y\" is 2.5 in all 2 rows\n  at f.csv\n"),
        ("a,y\n", &[], "the table has no row\n  at f.csv\nhint: give a file with rows"),
        ("y\n1\n", &[], "no column is left for a feature\n  at f.csv\n"),
        ("", &[], "f.csv has no header"),
        ("a,z\n1,2\n", &[], "f.csv has no column \"y\""),
        ("a,a,y\n1,2,3\n", &[], "f.csv has 2 columns named \"a\""),
        ("a,,y\n1,2,3\n", &[], "a column has no name\n  at f.csv line 1, column 2\n"),
        ("a[0],y\n1,2\n", &[], "column \"a[0]\" has [, ] or < in its name"),
        ("t,y\n1700000000,1\n1700000001,2\n", &[], "feature \"t\" varies by less than a millionth of its size"),
        (numbers, &["--weight", "w"], "f.csv has no column \"w\""),
        ("a,w,y\n1,-1,2\n", &["--weight", "w"], "the weight is -1e0\n  at f.csv line 2\n"),
        ("a,w,y\n1,,2\n", &["--weight", "w"], "f.csv line 2, column \"w\" is empty"),
        ("a,w,y\n1,0,2\n", &["--weight", "w"], "every weight is 0\n"),
        (numbers, &["--categorical", "z"], "f.csv has no column \"z\""),
        (numbers, &["--categorical", "y"], "column \"y\" is no feature"),
        (numbers, &["--monotone", "z=+1"], "there is no feature \"z\" to constrain\n"),
        (ROWS, &["--categorical", "b", "--monotone", "b=-1"], "feature \"b\" is categorical"),
    ] {
        let said = refusal(text, options);
        assert!(said.starts_with(expected), "{text:?} {options:?}: {said}");
    }
}

#[test]
fn wrong_usage_is_refused_before_a_file_is_read() {
    for (options, expected) in [
        (&["--learning-rate", "0"][..], "the learning rate is 0\nhint: give a number in (0, 1]"),
        (&["--rounds", "0"], "the number of rounds is 0\n"),
        (&["--subsample", "2"], "the share of rows is 2\n"),
        (&["--max-bin", "1000"], "the number of bins is 1000\nhint: give a number in [2, 256]"),
        (&["--rounds", "10000000"], "1 quantiles in 10000000 rounds make more trees than training takes"),
        (&["--plot", "curve.png"], "curve.png does not end in .svg\n"),
        (&["--plot", "nowhere/curve.svg"], "nowhere/curve.svg cannot be written"),
    ] {
        let said = refusal("not read", options);
        assert!(said.starts_with(expected), "{options:?}: {said}");
    }
    for out in ["model.bin", "model", "nowhere/model.json"] {
        let mut xgboost = parsed(&[]).unwrap();
        xgboost.out = out.into();
        let said = xgboost.run().unwrap_err().to_string();
        assert!(said.starts_with(out) && said.contains("\nhint: "), "{said}");
    }
    for options in [
        &["--monotone", "a"][..],
        &["--monotone", "a=2"],
        &["--early-stopping-rounds", "5"],
        &["--threads", "0"],
        &["--objective", "squared"],
    ] {
        assert!(parsed(options).is_err(), "{options:?}");
    }
}

fn read(text: &str, xgboost: &Xgboost) -> (tempfile::TempDir, Examples) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("f.csv");
    std::fs::write(&path, text).unwrap();
    let examples = Examples::read(&path, xgboost.columns()).unwrap();
    (folder, examples)
}

#[test]
fn every_column_without_another_part_is_a_feature() {
    let xgboost = parsed(&["--weight", "w", "--ignore", "ts", "--categorical", "kind,size"]).unwrap();
    let text = "ts,kind,w,load,size,y\nt0,b,1,0.5,10,1\nt1,a,2,,9,2\nt2,NA,0,nan,,3\n";
    let (_folder, examples) = read(text, &xgboost);
    let table = &examples.table;
    let names: Vec<&str> = table.columns().iter().map(|column| column.name()).collect();
    assert_eq!(names, ["kind", "load", "size"]);
    // Categories are in order: a before b, 9 before 10.
    let shown = |index: usize| format!("{:?}", table.columns()[index].values());
    assert_eq!(
        (shown(0), shown(1), shown(2)),
        ("[1.0, 0.0, NaN]".into(), "[0.5, NaN, NaN]".into(), "[1.0, 0.0, NaN]".into())
    );
    assert_eq!((table.target(), table.weights()), (&[1.0, 2.0, 3.0][..], Some(&[1.0, 2.0, 0.0][..])));
}

#[test]
fn a_validation_file_goes_by_the_names_and_categories_of_the_training_file() {
    let xgboost = parsed(&["--categorical", "b"]).unwrap();
    let (folder, mut examples) = read(ROWS, &xgboost);
    let path = folder.path().join("v.csv");
    let mut alike = |text: &str| {
        std::fs::write(&path, text).unwrap();
        examples.read_alike(&path, xgboost.columns()).map_err(|refusal| refusal.to_string())
    };
    let table = alike("y,b,a\n1,z,7\n2,x,8\n").unwrap();
    assert_eq!((table.columns()[0].values(), table.columns()[1].values()), (&[7.0, 8.0][..], &[1.0, 0.0][..]));
    for (text, expected) in [
        ("a,b,y\n1,x,1\n1,q,2\n", "column \"b\" is \"q\", a category that training does not know"),
        ("a,b,c,y\n1,x,1,1\n", "has a column \"c\", which the training file lacks"),
        ("b,y\nx,1\n", "has no column \"a\", which the training file has"),
    ] {
        let said = alike(text).unwrap_err();
        assert!(said.contains(expected) && said.contains("\nhint: "), "{said}");
    }
}
