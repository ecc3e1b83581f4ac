//! Small tables whose trees can be written down by hand.
use super::{noise, predictions, quantiles, table_of, trained};
use bellwether_models::tail::boosting::{
    Categories, CategorySet, Column, Loss, Node, Parameters, Split, TrainingTable,
};

/// One round in which a leaf's answer counts in full, without XGBoost's own limits getting in the way.
fn one_full_round(level: f64) -> Parameters {
    Parameters { rounds: 1, learning_rate: 1.0, min_child_weight: Some(1.0), ..quantiles(&[level]) }
}

/// Hyndman and Fan's type 6, as XGBoost's own tests expect it.
#[test]
fn predictions_start_from_the_quantile_of_the_target() {
    let (tens, fives) = ([20.0, 15.0, 50.0, 40.0, 35.0], [1.0, 2.0, 3.0, 4.0, 5.0]);
    for (target, level, expected) in
        [(tens, 0.4, 26.0), (tens, 0.2, 16.0), (tens, 0.1, 15.0), (tens, 0.95, 50.0), (fives, 0.5, 3.0)]
    {
        let start = trained(&table_of(vec![("x", vec![1.0; 5])], &target), one_full_round(level)).model.base_margins();
        assert!((start[0] - expected).abs() < 1e-5, "{level} of {target:?}: {start:?}");
    }
}

#[test]
fn with_weights_they_start_from_the_first_value_that_carries_the_share() {
    for (weights, level, expected) in
        [([1.0; 5], 0.5, 3.0), ([1.0, 0.0, 0.0, 0.0, 1.0], 0.6, 5.0), ([8.0, 1.0, 1.0, 0.0, 0.0], 0.8, 1.0)]
    {
        let table = table_of(vec![("x", vec![1.0; 5])], &[1.0, 2.0, 3.0, 4.0, 5.0]).with_weights(weights.to_vec());
        let start = trained(&table.unwrap(), one_full_round(level)).model.base_margins();
        assert_eq!(start, [expected], "{weights:?}");
    }
}

/// Eight rows, the median between 0 and 10: gradients are 1/2 four times and -1/2 four times, so that the split gains
/// 2 x (4/2)^2 / (4 + 1) and each half's Newton step is -+2/5.
#[test]
fn a_step_is_found_where_it_is_and_answered_in_full() {
    let x: Vec<f64> = (0..8).map(f64::from).collect();
    let target: Vec<f64> = x.iter().map(|x| if *x < 4.0 { 0.0 } else { 10.0 }).collect();
    let table = table_of(vec![("noise", noise(8, 0)), ("x", x)], &target);
    let trained = trained(&table, one_full_round(0.5));
    let nodes = trained.model.parts().trees[0].nodes();
    let expected = Node::Inner {
        feature: 1,
        split: Split::Below(4.0),
        default_left: false,
        left: 1,
        gain: 1.6,
        cover: 8.0,
        weight: 0.0,
    };
    assert_eq!(nodes[0], expected);
    assert_eq!(nodes[1..], [Node::Leaf { value: -5.0, cover: 4.0 }, Node::Leaf { value: 5.0, cover: 4.0 }]);
    assert_eq!(predictions(&trained, &table)[0], [0.0, 0.0, 0.0, 0.0, 10.0, 10.0, 10.0, 10.0]);
}

#[test]
fn missing_values_go_where_they_lower_the_loss() {
    // Levels that make the first prediction lie between both values.
    for (of_missing, level, default_left) in [(0.0, 0.62, true), (10.0, 0.36, false)] {
        let mut x: Vec<f64> = (0..8).map(f64::from).collect();
        let mut target: Vec<f64> = x.iter().map(|x| if *x < 4.0 { 0.0 } else { 10.0 }).collect();
        x.extend([f64::NAN; 3]);
        target.extend([of_missing; 3]);
        let trained = trained(&table_of(vec![("x", x)], &target), one_full_round(level));
        let first = &trained.model.parts().trees[0].nodes()[0];
        assert!(matches!(first, Node::Inner { default_left: found, .. } if *found == default_left), "{first:?}");
        assert!(trained.curve[0].training[0] < 1e-6, "{:?}", trained.curve);
    }
}

fn of_categories(kinds: u32) -> TrainingTable {
    let codes: Vec<Option<u32>> = (0..kinds * 6).map(|row| Some(row % kinds)).collect();
    let target: Vec<f64> = codes.iter().map(|code| f64::from(code.unwrap() % 2) * 10.0).collect();
    let names = (0..kinds).map(|code| format!("kind {code}")).collect();
    TrainingTable::new(vec![Column::categories("kind", &codes, Categories::Names(names)).unwrap()], &target).unwrap()
}

/// Odd categories are high: one split has to take all of them to one side; from 256 on bins no longer fit a byte.
#[test]
fn categories_are_grouped_by_what_they_do_to_the_target() {
    for kinds in [6, 60, 300] {
        let table = of_categories(kinds);
        let trained = trained(&table, Parameters { max_cat_threshold: 512, ..one_full_round(0.5) });
        let nodes = trained.model.parts().trees[0].nodes();
        let set = |odd: u32| (0..kinds).filter(|code| code % 2 == odd).collect::<CategorySet>();
        let Node::Inner { split: Split::In(found), .. } = &nodes[0] else { panic!("{nodes:?}") };
        assert!(*found == set(0) || *found == set(1), "{found:?}");
        assert_eq!((nodes.len(), trained.curve[0].training[0]), (3, 0.0));
    }
}

#[test]
fn few_categories_are_split_one_against_the_others() {
    let trained = trained(&of_categories(3), one_full_round(0.5));
    let nodes = trained.model.parts().trees[0].nodes();
    let odd = CategorySet::from_iter([1]);
    assert!(matches!(&nodes[0], Node::Inner { split: Split::In(found), .. } if *found == odd), "{nodes:?}");
}

#[test]
fn without_anything_to_learn_every_prediction_is_the_quantile() {
    let one = table_of(vec![("x", vec![3.0])], &[7.0]);
    let constant = table_of(vec![("x", noise(40, 0))], &[-2.5; 40]);
    let blind = table_of(vec![("x", vec![1.0; 40]), ("y", vec![f64::NAN; 40])], &noise(40, 1));
    for (table, levels) in [(&one, [0.01, 0.99]), (&constant, [0.5, 0.999]), (&blind, [0.25, 0.75])] {
        for loss in [Loss::Refreshed, Loss::Smoothed] {
            let trained = trained(table, Parameters { loss, rounds: 5, ..quantiles(&levels) });
            let start = trained.model.base_margins();
            assert!(trained.model.parts().trees.iter().all(|tree| tree.nodes().len() == 1));
            if loss == Loss::Refreshed {
                let all = predictions(&trained, table);
                all.iter().zip(start).for_each(|(all, start)| assert!(all.iter().all(|one| *one == start), "{all:?}"));
            }
        }
    }
}

#[test]
fn limits_of_a_tree_are_kept() {
    let x = noise(400, 0);
    let target: Vec<f64> = x.iter().map(|x| (x * 40.0).sin() * 10.0).collect();
    let table = table_of(vec![("x", x)], &target);
    for (what, parameters) in [
        ("leaves", Parameters { max_leaves: Some(5), ..one_full_round(0.5) }),
        ("depth", Parameters { max_depth: Some(2), ..one_full_round(0.5) }),
        ("weight", Parameters { min_child_weight: Some(70.0), ..one_full_round(0.5) }),
    ] {
        let trained = trained(&table, parameters);
        let nodes = trained.model.parts().trees[0].nodes();
        let leaves: Vec<f32> = nodes.iter().filter(|node| matches!(node, Node::Leaf { .. })).map(Node::cover).collect();
        match what {
            "leaves" => assert_eq!(leaves.len(), 5),
            "depth" => assert_eq!(leaves.len(), 4),
            _ => assert!(leaves.len() > 1 && leaves.iter().all(|cover| *cover >= 70.0), "{leaves:?}"),
        }
    }
}
