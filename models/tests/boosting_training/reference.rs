//! Against XGBoost 3.2.0: its own file, trained with the same parameters on the same rows.
use super::{data, predictions, read, trained};
use bellwether_models::tail::boosting::{Node, Parameters, Split, Trained, TrainingTable, Tree, mean_pinball_loss};
use serde_json::Value;

const QUANTILES: [f64; 5] = [0.05, 0.5, 0.95, 0.99, 0.999];

/// Pinball losses of XGBoost 3.2.0 on the test file, as measured by the Python package.
const REFERENCE: [f64; 5] = [0.199_153_627, 0.639_636_773, 0.202_219_574, 0.058_393_123, 0.014_166_036];

/// Feature, threshold and gain of inner nodes, value of leaves.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Entry {
    split: Option<(u32, f32, f32)>,
    value: Option<f32>,
    /// What the node takes off the loss unsplit, where known: the size of what gains are differences of.
    unsplit: f32,
}

/// Those of the file.
fn parameters() -> Parameters {
    Parameters {
        quantiles: QUANTILES.to_vec(),
        rounds: 300,
        learning_rate: 0.1,
        max_depth: Some(6),
        min_child_weight: Some(5.0),
        ..Parameters::default()
    }
}

fn numbers(tree: &Value, field: &str) -> Vec<f32> {
    tree[field].as_array().unwrap().iter().map(|number| number.to_string().parse().unwrap()).collect()
}

/// From the root on, level by level.
fn of_file(tree: &Value) -> Vec<Entry> {
    let children = |field| numbers(tree, field).into_iter().map(|child| child as i64).collect::<Vec<_>>();
    let (left, right) = (children("left_children"), children("right_children"));
    let (features, conditions) = (numbers(tree, "split_indices"), numbers(tree, "split_conditions"));
    let gains = numbers(tree, "loss_changes");
    let (mut order, mut next) = (vec![0], 0);
    let mut nodes = Vec::new();
    while let Some(&at) = order.get(next) {
        next += 1;
        if left[at] < 0 {
            nodes.push(Entry { split: None, value: Some(conditions[at]), unsplit: 0.0 });
        } else {
            nodes.push(Entry {
                split: Some((features[at] as u32, conditions[at], gains[at])),
                value: None,
                unsplit: 0.0,
            });
            order.extend([left[at] as usize, right[at] as usize]);
        }
    }
    nodes
}

fn of_ours(tree: &Tree) -> Vec<Entry> {
    let entry = |node: &Node| match node {
        Node::Leaf { value, .. } => Entry { split: None, value: Some(*value), unsplit: 0.0 },
        Node::Inner { feature, split: Split::Below(threshold), gain, weight, cover, .. } => {
            let unsplit = weight * weight * (cover + 1.0);
            Entry { split: Some((*feature, *threshold, *gain)), value: None, unsplit }
        }
        Node::Inner { .. } => panic!("there are no categories"),
    };
    tree.nodes().iter().map(entry).collect()
}

/// Every split and every leaf of all 1,500 trees; gains to the rounding of 32-bit sums.
#[test]
fn with_its_parameters_the_trees_are_those_of_the_reference() {
    let (Some(rows), Some(file)) = (data("tail/etth1_quantile_train.csv"), data("tail/etth1_xgboost_quantile.json"))
    else {
        return;
    };
    let file: Value = serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
    let trees = file["learner"]["gradient_booster"]["model"]["trees"].as_array().unwrap();
    let ours = trained(&read(&rows), parameters());
    assert_eq!(trees.len(), ours.model.parts().trees.len());
    for (index, (theirs, ours)) in trees.iter().zip(&ours.model.parts().trees).enumerate() {
        let (theirs, ours) = (of_file(theirs), of_ours(ours));
        assert_eq!(theirs.len(), ours.len(), "tree {index}");
        for (theirs, ours) in theirs.iter().zip(&ours) {
            match (theirs.split, ours.split) {
                (Some((feature, threshold, gain)), Some((our_feature, our_threshold, our_gain))) => {
                    assert_eq!((feature, threshold), (our_feature, our_threshold), "tree {index}");
                    assert!(
                        (gain - our_gain).abs() <= 5e-7 * (gain + 2.0 * ours.unsplit),
                        "tree {index}: {gain} {our_gain}"
                    );
                }
                _ => assert_eq!(theirs, ours, "tree {index}"),
            }
        }
    }
}

/// Losses on rows that training did not see; XGBoost's own beside them, of raw outputs.
#[test]
fn with_its_parameters_losses_are_those_of_the_reference_and_far_quantiles_are_better_by_default() {
    let (Some(rows), Some(others)) = (data("tail/etth1_quantile_train.csv"), data("tail/etth1_quantile_test.csv"))
    else {
        return;
    };
    let (rows, others) = (read(&rows), read(&others));
    let alike = served_losses(&trained(&rows, parameters()), &others);
    let better = served_losses(&trained(&rows, Parameters { min_child_weight: None, ..parameters() }), &others);
    println!("XGBoost 3.2 {REFERENCE:.5?}, its parameters {alike:.5?}, our defaults {better:.5?}");
    for (index, at_most) in [1.01, 1.01, 1.01, 1.01, 1.05].into_iter().enumerate() {
        assert!(alike[index] <= at_most * REFERENCE[index], "{index}: {alike:?}");
    }
    let ratios: Vec<f64> = better.iter().zip(REFERENCE).map(|(ours, theirs)| ours / theirs).collect();
    assert!(ratios.iter().sum::<f64>() / 5.0 <= 0.94 && ratios[4] <= 0.76, "{ratios:?}");
}

/// With the outputs of a row sorted.
fn served_losses(trained: &Trained, table: &TrainingTable) -> Vec<f64> {
    let mut all = predictions(trained, table);
    for row in 0..table.rows() {
        let mut sorted: Vec<f32> = all.iter().map(|quantile| quantile[row]).collect();
        sorted.sort_by(f32::total_cmp);
        all.iter_mut().zip(sorted).for_each(|(quantile, value)| quantile[row] = value);
    }
    QUANTILES
        .iter()
        .zip(&all)
        .map(|(level, quantile)| mean_pinball_loss(*level, table.target(), quantile, None))
        .collect()
}
