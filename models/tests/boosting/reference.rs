//! The reference models on real data, with the predictions of the XGBoost that trained them.
use super::*;

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

/// Rows of the named columns.
fn rows(path: &Path, names: &[String]) -> Vec<f32> {
    let (heads, rows) = table(path);
    let places: Vec<_> = names.iter().map(|name| heads.iter().position(|head| head == name).unwrap()).collect();
    rows.iter().flat_map(|row| places.iter().map(|place| row[*place])).collect()
}

#[test]
fn every_reference_prediction_is_equal_to_the_last_bit() {
    let Some(folder) = data() else { return };
    for (file, inputs, predictions, count) in [
        ("etth1_xgboost_quantile.json", "etth1_quantile_test.csv", "etth1_xgboost_predictions.csv", 3479),
        ("etth1_missing_xgboost.ubj", "etth1_missing_test.csv", "etth1_missing_predictions.csv", 400),
    ] {
        let model = model(&folder.join(file));
        let rows = rows(&folder.join(inputs), &model.parts().features.names);
        let expected = table(&folder.join(predictions)).1;
        assert_eq!(expected.len(), count);
        assert_eq!(bits(&model.predict(&rows).unwrap()), bits(&expected.concat()), "{file}");
        for written in [xgboost::to_json(&model), xgboost::to_ubjson(&model)] {
            assert_eq!(xgboost::read(&written).unwrap(), model, "{file}");
        }
    }
}
