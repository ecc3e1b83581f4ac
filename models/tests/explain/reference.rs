//! The reference model of the electricity transformer data, if the data are there.
use super::*;
use bellwether_models::explain::TreeShap;

fn data() -> Option<PathBuf> {
    let given = std::env::var_os("BELLWETHER_DATA").map(PathBuf::from);
    let folder = given.unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data")).join("tail");
    let is_there = folder.join("etth1_xgboost_quantile.json").exists();
    if !is_there {
        println!("skipped: there are no data in {}", folder.display());
    }
    is_there.then_some(folder)
}

#[test]
fn the_contributions_of_the_reference_model_are_those_in_its_file_and_add_up_to_its_predictions() {
    let Some(folder) = data() else { return };
    let model = read(&folder.join("etth1_xgboost_quantile.json"));
    let (heads, rows) = table(&folder.join("etth1_quantile_test.csv"));
    let columns = model.parts().features.names.iter();
    let columns: Vec<_> = columns.map(|name| heads.iter().position(|head| head == name).unwrap()).collect();
    let expected = table(&folder.join("etth1_xgboost_contributions_q0.95_first50.csv")).1;
    let predictions = table(&folder.join("etth1_xgboost_predictions.csv")).1;
    let explainer = TreeShap::new(&model).unwrap();
    assert_eq!(expected.len(), 50);
    for ((row, expected), predicted) in rows.iter().zip(&expected).zip(&predictions) {
        let row: Vec<_> = columns.iter().map(|column| row[*column]).collect();
        let mut found = explainer.contributions(&row, 2).unwrap();
        found.push(explainer.bias(2).unwrap());
        for (found, expected) in found.iter().zip(expected) {
            assert!((found - f64::from(*expected)).abs() < 2e-5, "{found} not {expected}");
        }
        let (sum, exact) = (found.iter().sum::<f64>(), margin(&model, &row, 2));
        assert!((sum - exact).abs() < 1e-12 * exact.abs(), "{sum} not {exact}");
        assert!((sum - f64::from(predicted[2])).abs() < 5e-4, "{sum} not {}", predicted[2]);
    }
}
