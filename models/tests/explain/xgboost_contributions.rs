//! Contributions that XGBoost 3.2.0 computed for models of the zoo (scripts/make-xgboost-contributions.py).
use super::*;
use bellwether_models::explain::{TreeShap, importance};

fn tables() -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder().join("explain/contributions")).unwrap().map(|entry| entry.unwrap().path());
    let is_table = |path: &PathBuf| path.to_str().unwrap().ends_with(".csv") && !path.ends_with("IMPORTANCE.csv");
    let mut tables: Vec<_> = entries.filter(is_table).collect();
    tables.sort();
    tables
}

fn stem(path: &Path) -> &str {
    path.file_name().unwrap().to_str().unwrap().strip_suffix(".csv").unwrap()
}

fn model_of(name: &str) -> BoostedTrees {
    let places = ["boosting/zoo", "explain/contributions"].map(|place| folder().join(place));
    let files = places.iter().flat_map(|place| ["json", "ubj"].map(|end| place.join(format!("{name}.{end}"))));
    read(&files.filter(|file| file.exists()).collect::<Vec<_>>()[0])
}

/// XGBoost adds in f32: its errors are those of as many roundings as there are trees.
#[test]
fn contributions_are_those_of_xgboost_for_every_kind_of_model() {
    let tables = tables();
    assert!(tables.len() > 40, "{}", tables.len());
    for path in tables {
        let name = stem(&path);
        let model = model_of(name);
        let inputs = if name.contains("categorical") { "categorical_inputs.csv" } else { "inputs.csv" };
        let rows = table(&folder().join("boosting/zoo").join(inputs)).1;
        let explainer = TreeShap::new(&model).unwrap();
        let expected = table(&path).1;
        assert!(expected.len() >= 8, "{name}");
        for (line, expected) in expected.iter().enumerate() {
            let (row, output) = (&rows[line / model.outputs()], line % model.outputs());
            let mut found = explainer.contributions(row, output).unwrap();
            found.push(explainer.bias(output).unwrap());
            let tolerance = 2e-6 * (size(&model) + f64::from(expected.iter().fold(0.0, |a: f32, b| a.max(b.abs()))));
            for (column, (found, expected)) in found.iter().zip(expected).enumerate() {
                let difference = (found - f64::from(*expected)).abs();
                assert!(difference < tolerance, "{name}, line {line}, column {column}: {found} not {expected}");
            }
        }
    }
}

#[test]
fn importances_are_those_of_xgboost() {
    let text = std::fs::read_to_string(folder().join("explain/contributions/IMPORTANCE.csv")).unwrap();
    let mut lines = 0;
    for line in text.lines().skip(1) {
        let cells: Vec<_> = line.split(',').collect();
        let [name, feature, splits, gain, cover] = cells[..] else { panic!("{line}") };
        let found = importance(&model_of(name), None)[feature.parse::<usize>().unwrap()];
        assert_eq!(found.splits as f64, splits.parse::<f64>().unwrap(), "{line}");
        for (found, expected) in [(found.total_gain, gain), (found.total_cover, cover)] {
            let expected: f64 = expected.parse().unwrap();
            assert!((found - expected).abs() <= 1e-5 * expected.abs(), "{line}: {found}");
        }
        lines += 1;
    }
    assert!(lines > 150, "{lines}");
}
