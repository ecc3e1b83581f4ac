//! What is refused, and how it is said.
use super::{quantiles, table_of};
use bellwether_models::tail::boosting::{
    Categories, Column, ColumnShares, EarlyStopping, Monotone, Options, Parameters, TrainError, TrainingTable, train,
};
use std::ops::ControlFlow;

#[test]
fn a_bad_table_is_refused_by_row_and_feature() {
    let numbers = |values: &[f64]| Column::numbers("x", values);
    let target = |target: &[f64]| TrainingTable::new(vec![numbers(&vec![0.0; target.len()])?], target);
    let named = |codes: &[Option<u32>]| Column::categories("c", codes, Categories::Names(vec!["a".to_owned()]));
    let weighted = |weights: &[f32]| target(&[1.0, 2.0])?.with_weights(weights.to_vec());
    let base = 1e9;
    for (error, expected) in [
        (target(&[]).unwrap_err(), "the table has no row"),
        (TrainingTable::new(Vec::new(), &[1.0]).unwrap_err(), "the table has no feature"),
        (target(&[1.0, f64::NAN]).unwrap_err(), "row 1: the target is NaN"),
        (target(&[f64::NEG_INFINITY]).unwrap_err(), "row 0: the target is -inf"),
        (target(&[1.0, 1e300]).unwrap_err(), "row 1: the target is 1"),
        (target(&[base, base + 1.0]).unwrap_err(), "the target varies by less than a millionth"),
        (numbers(&[1.0, f64::INFINITY]).unwrap_err(), "row 1: feature \"x\" is inf"),
        (numbers(&[-1e300]).unwrap_err(), "row 0: feature \"x\" is -1"),
        (numbers(&[base, f64::NAN, base + 1.0]).unwrap_err(), "feature \"x\" varies by less than a millionth"),
        (named(&[Some(0), Some(1)]).unwrap_err(), "row 1: category 1 of feature \"c\" is not one of its 1"),
        (
            TrainingTable::new(vec![numbers(&[1.0]).unwrap(), numbers(&[1.0]).unwrap()], &[1.0]).unwrap_err(),
            "feature \"x\" is there twice",
        ),
        (
            TrainingTable::new(vec![numbers(&[1.0]).unwrap()], &[1.0, 2.0]).unwrap_err(),
            "feature \"x\" has 1 rows, but the target has 2",
        ),
        (weighted(&[1.0]).unwrap_err(), "the list of weights has 1 rows"),
        (weighted(&[1.0, -1.0]).unwrap_err(), "row 1: the weight is -1"),
        (weighted(&[1.0, f32::NAN]).unwrap_err(), "row 1: the weight is NaN"),
        (weighted(&[1.0, 1e31]).unwrap_err(), "row 1: the weight is 1"),
        (weighted(&[0.0, 0.0]).unwrap_err(), "every weight is 0"),
    ] {
        assert!(error.to_string().starts_with(expected), "{error}");
    }
}

#[test]
fn parameters_outside_of_their_range_are_refused_by_name() {
    let good = || quantiles(&[0.5]);
    let shares = |by_node| ColumnShares { by_node, ..ColumnShares::default() };
    let stopping = |patience, min_delta| Some(EarlyStopping { patience, min_delta });
    for (parameters, expected) in [
        (quantiles(&[]), "there is no quantile"),
        (quantiles(&[0.0]), "the quantile is 0: it must be in (0, 1)"),
        (quantiles(&[1.0]), "the quantile is 1: it must be in (0, 1)"),
        (quantiles(&[0.999_999_999_9]), "the quantile is 0.9999999999: it must be in (0, 1)"),
        (quantiles(&[f64::NAN]), "the quantile is NaN"),
        (quantiles(&[0.5, 0.9, 0.5]), "quantile 0.5 is there twice"),
        (Parameters { rounds: 0, ..good() }, "the number of rounds is 0"),
        (Parameters { rounds: usize::MAX, ..good() }, "1 quantiles in 18446744073709551615 rounds"),
        (Parameters { learning_rate: 0.0, ..good() }, "the learning rate is 0"),
        (Parameters { learning_rate: f64::NAN, ..good() }, "the learning rate is NaN"),
        (Parameters { subsample: 1.1, ..good() }, "the share of rows is 1.1: it must be in (0, 1]"),
        (Parameters { column_shares: shares(-0.5), ..good() }, "the share of features by node is -0.5"),
        (Parameters { lambda: -1.0, ..good() }, "lambda is -1"),
        (Parameters { alpha: f64::INFINITY, ..good() }, "alpha is inf"),
        (Parameters { min_split_loss: 1e300, ..good() }, "gamma is 1"),
        (Parameters { min_child_weight: Some(-1.0), ..good() }, "the least weight of a child is -1"),
        (Parameters { max_bin: 257, ..good() }, "the number of bins is 257: it must be in [2, 256]"),
        (Parameters { max_bin: 1, ..good() }, "the number of bins is 1"),
        (Parameters { max_leaves: Some(1), ..good() }, "the number of leaves is 1"),
        (Parameters { max_cat_threshold: 0, ..good() }, "the number of categories of a side is 0"),
        (Parameters { early_stopping: stopping(0, 0.0), ..good() }, "the patience is 0"),
        (Parameters { early_stopping: stopping(1, -1.0), ..good() }, "the least improvement is -1"),
    ] {
        let error = Options::new(parameters).unwrap_err().to_string();
        assert!(error.starts_with(expected), "{error}");
    }
}

#[test]
fn parts_that_contradict_each_other_are_refused() {
    let table = table_of(vec![("x", vec![1.0, 2.0]), ("y", vec![1.0, 2.0])], &[1.0, 2.0]);
    let swapped = table_of(vec![("y", vec![1.0, 2.0]), ("x", vec![1.0, 2.0])], &[1.0, 2.0]);
    let narrow = table_of(vec![("x", vec![1.0])], &[1.0]);
    let codes = Column::categories("x", &[Some(0)], Categories::Names(vec!["a".to_owned()])).unwrap();
    let categories = TrainingTable::new(vec![codes], &[1.0]).unwrap();
    let monotone = |name: &str| vec![(name.to_owned(), Monotone::Increasing)];
    let stopping = Some(EarlyStopping { patience: 1, min_delta: 0.0 });
    for (table, validation, parameters, expected) in [
        (&table, Some(&swapped), quantiles(&[0.5]), "the validation table has other features: \"y\" where \"x\""),
        (&table, Some(&narrow), quantiles(&[0.5]), "the validation table has other features: 1 instead of 2"),
        (&narrow, Some(&categories), quantiles(&[0.5]), "the validation table has other features: their categories"),
        (&table, None, Parameters { early_stopping: stopping, ..quantiles(&[0.5]) }, "early stopping needs"),
        (&table, None, Parameters { monotone: monotone("z"), ..quantiles(&[0.5]) }, "there is no feature \"z\""),
        (
            &categories,
            None,
            Parameters { monotone: monotone("x"), ..quantiles(&[0.5]) },
            "feature \"x\" is categorical",
        ),
    ] {
        let options = Options::new(parameters).unwrap();
        let error: TrainError = train(table, validation, &options, &mut |_| ControlFlow::Continue(())).unwrap_err();
        assert!(error.to_string().starts_with(expected), "{error}");
    }
}
