//! Models that XGBoost 1.7.6, 2.1.4 and 3.2.0 wrote, with what they predict (scripts/make-xgboost-zoo.py).
use super::*;
use bellwether_models::tail::boosting::{Categories, FeatureKind, Objective, ObjectiveParameter};

/// The model files, in order.
fn files() -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder("zoo")).unwrap().map(|entry| entry.unwrap().path());
    let is_model = |path: &PathBuf| path.extension().is_some_and(|end| end == "json" || end == "ubj");
    let mut files: Vec<_> = entries.filter(is_model).collect();
    files.sort();
    files
}

/// Rows of inputs, flat.
fn inputs(path: &Path) -> Vec<f32> {
    let is_categorical = path.to_str().unwrap().contains("categorical");
    let name = if is_categorical { "zoo/categorical_inputs.csv" } else { "zoo/inputs.csv" };
    table(&folder(name)).1.concat()
}

/// The expected margins and predictions, flat.
fn expected(path: &Path) -> (Vec<f32>, Vec<f32>) {
    let (heads, rows) = table(&path.with_extension("csv"));
    let margins = heads.iter().filter(|head| head.starts_with('m')).count();
    let (left, right): (Vec<_>, Vec<_>) = rows.iter().map(|row| row.split_at(margins)).unzip();
    (left.concat(), right.concat())
}

#[test]
fn every_file_predicts_the_bits_that_its_own_version_predicts() {
    let (files, mut wrong) = (files(), Vec::new());
    assert!(files.len() > 140, "{}", files.len());
    for path in files {
        let (rows, (margins, predictions), model) = (inputs(&path), expected(&path), model(&path));
        let same = [
            bits(&model.margins(&rows).unwrap()) == bits(&margins),
            bits(&model.predict(&rows).unwrap()) == bits(&predictions),
        ];
        if same != [true, true] {
            wrong.push(format!("{}: margins, predictions agree: {same:?}", path.display()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_row_alone_predicts_what_it_predicts_among_others() {
    for path in files() {
        let (rows, model) = (inputs(&path), model(&path));
        let features = model.parts().features.count;
        let alone = rows.chunks(features).flat_map(|row| model.margins(row).unwrap()).collect::<Vec<_>>();
        assert_eq!(bits(&alone), bits(&model.margins(&rows).unwrap()), "{}", path.display());
    }
}

#[test]
fn a_model_written_and_read_again_is_the_same() {
    for path in files() {
        let model = model(&path);
        for written in [xgboost::to_json(&model), xgboost::to_ubjson(&model)] {
            assert_eq!(xgboost::read(&written).unwrap(), model, "{}", path.display());
        }
    }
}

#[test]
fn what_a_file_says_beside_its_trees_is_kept() {
    let parts = |name: &str| model(&folder("zoo").join(name)).parts().clone();
    let attributes = parts("3.2.0-user_attributes.json").attributes;
    assert_eq!(attributes["author"], "a \"b\" \\ c");
    assert_eq!(attributes["note"], "zwei\nZeilen, größer");
    let features = parts("1.7.6-approx.json").features;
    assert_eq!(features.names, ["load", "lag, 1", "the \"quoted\"", "größe", "hour"]);
    assert_eq!(features.kinds[1..3], [FeatureKind::Quantitative, FeatureKind::Float]);
    let Some(Categories::Names(cities)) = &parts("3.4.1-categorical_names.json").features.categories[1] else {
        panic!()
    };
    assert_eq!(cities, &["東京", "bern", "rome", "paris", "zürich", "prag", "kyiv", "bonn", "łódź", "lyon"]);
    let Some(Categories::Numbers { values, .. }) = &parts("3.2.0-categorical_one_hot.json").features.categories[2]
    else {
        panic!()
    };
    assert_eq!(values, &[20.0, 0.0, 10.0]);
    let tweedie = parts("3.2.0-tweedie.json").objective;
    let Objective::Other { parameters, .. } = &tweedie else { panic!() };
    let ObjectiveParameter::Group(group) = &parameters["tweedie_regression_param"] else { panic!() };
    assert_eq!(group["tweedie_variance_power"].parse(), Ok(1.3_f32));
    assert_eq!(parts("3.2.0-quantiles_unsorted.json").objective, Objective::Quantile { levels: vec![0.99, 0.5, 0.01] });
}

/// The best round as XGBoost's own attribute has it; version 1 sets it to the last round when nothing stopped early.
#[test]
fn prediction_stops_at_the_best_round_and_a_slice_of_a_model_keeps_its_own() {
    for (name, is_early) in [
        ("3.2.0-early_stopped.ubj", true),
        ("1.7.6-early_stopped.ubj", true),
        ("1.7.6-approx.json", false),
        ("3.2.0-approx.json", false),
        ("3.2.0-sliced.json", false),
    ] {
        let model = model(&folder("zoo").join(name));
        assert_eq!(model.trees_in_use().len() < model.parts().trees.len(), is_early, "{name}");
    }
}
