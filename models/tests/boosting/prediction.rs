//! Links, sorted quantiles, and what no file of the zoo reaches.
use super::*;
use bellwether_models::tail::boosting::{
    CategorySet, Features, Link, ModelParts, Node, Objective, RowsError, Split, Tree, served_quantiles,
};
use proptest::prelude::*;
use std::collections::BTreeMap;

fn parts(trees: Vec<Tree>, features: usize) -> ModelParts {
    ModelParts {
        objective: Objective::Other { name: "reg:squarederror".to_owned(), parameters: BTreeMap::new() },
        base_scores: vec![0.5],
        features: Features { count: features, ..Features::default() },
        tree_outputs: vec![0; trees.len()],
        tree_weights: None,
        round_starts: (0..=trees.len()).collect(),
        best_round: None,
        attributes: BTreeMap::new(),
        trees,
    }
}

/// Numbers that comparisons and texts may trip over.
fn odd() -> impl Strategy<Value = f32> {
    prop_oneof![
        prop::sample::select(
            &[0.0, -0.0, f32::NAN, f32::INFINITY, f32::NEG_INFINITY, 1e-45, f32::MAX, f32::MIN, 0.1][..]
        ),
        any::<f32>(),
        -2.0..2.0_f32,
    ]
}

fn split() -> impl Strategy<Value = Split> {
    prop_oneof![
        3 => odd().prop_map(Split::Below),
        1 => prop::collection::vec(0..200_u32, 0..5).prop_map(|codes| Split::In(codes.into_iter().collect::<CategorySet>())),
    ]
}

/// Trees that grow at any leaf, so of any shape, deep ones too.
fn tree() -> impl Strategy<Value = Tree> {
    let step = (any::<prop::sample::Index>(), 0..4_u32, split(), any::<bool>(), odd(), odd());
    prop::collection::vec(step, 0..40).prop_map(|steps| {
        let mut nodes = vec![Node::Leaf { value: 1.0, cover: 1.0 }];
        let mut children = vec![(0_i64, 0_i64)];
        for (place, feature, split, default_left, left, right) in steps {
            let leaves: Vec<_> = (0..nodes.len()).filter(|at| matches!(nodes[*at], Node::Leaf { .. })).collect();
            let at = *place.get(&leaves);
            children[at] = (nodes.len().try_into().unwrap(), (nodes.len() + 1).try_into().unwrap());
            nodes[at] = Node::Inner { feature, split, default_left, left: 0, gain: left, cover: 2.0, weight: right };
            nodes.extend([left, right].map(|value| Node::Leaf { value, cover: 1.0 }));
            children.extend([(0, 0), (0, 0)]);
        }
        Tree::from_linked(&nodes, |at| children[at]).unwrap()
    })
}

proptest! {
    #[test]
    fn rows_together_end_where_each_alone_does(
        trees in prop::collection::vec(tree(), 1..4),
        rows in prop::collection::vec(prop::collection::vec(prop_oneof![odd(), (0..200_u16).prop_map(f32::from)], 4), 16..40),
    ) {
        let model = BoostedTrees::new(parts(trees, 4)).unwrap();
        let together = model.margins(&rows.concat()).unwrap();
        for (row, margin) in rows.iter().zip(together) {
            let mut expected = 0.5_f32;
            for tree in &model.parts().trees {
                let Node::Leaf { value, .. } = tree.nodes()[tree.leaf_of(row)] else { panic!() };
                expected += value;
            }
            prop_assert!(expected.to_bits() == margin.to_bits() || expected.is_nan() && margin.is_nan());
        }
    }

    #[test]
    fn any_tree_survives_both_formats(tree in tree()) {
        let model = BoostedTrees::new(parts(vec![tree], 4)).unwrap();
        for written in [xgboost::to_json(&model), xgboost::to_ubjson(&model)] {
            let again = xgboost::read(&written).unwrap();
            // NaN differs from itself, but not its digits.
            prop_assert_eq!(format!("{:?}", again.parts().trees), format!("{:?}", model.parts().trees));
        }
    }

    #[test]
    fn served_quantiles_ascend_and_name_where_each_came_from(raw in prop::collection::vec(-1e30..1e30_f32, 1..8), seed: u64) {
        let levels: Vec<f32> = (0..raw.len()).map(|index| ((seed >> index) % 97) as f32 / 97.0).collect();
        let served = served_quantiles(&levels, &raw);
        prop_assert!(served.windows(2).all(|pair| pair[0].value <= pair[1].value && pair[0].level <= pair[1].level));
        prop_assert!(served.iter().all(|served| served.value.to_bits() == raw[served.output].to_bits()));
        let mut outputs: Vec<_> = served.iter().map(|served| served.output).collect();
        outputs.sort_unstable();
        prop_assert_eq!(outputs, (0..raw.len()).collect::<Vec<_>>());
    }
}

#[test]
fn rows_that_are_cut_short_are_refused() {
    let model = BoostedTrees::new(parts(vec![Tree::leaf(1.0, 1.0)], 3)).unwrap();
    assert_eq!(model.margins(&[0.0; 4]), Err(RowsError::NoWholeRows { values: 4, features: 3 }));
    assert_eq!(model.margins(&[]), Ok(Vec::new()));
    assert_eq!(model.predict(&[0.0; 6]), Ok(vec![1.5, 1.5]));
}

/// Closed forms; the far ends are where an exponential leaves the range of f32.
#[test]
fn links_are_what_their_formulas_say_and_finite_where_they_can_be() {
    for (link, margins, expected) in [
        (Link::Identity, &[-1e30, 2.0][..], &[-1e30, 2.0][..]),
        (Link::Logistic, &[0.0, f32::INFINITY, f32::NEG_INFINITY], &[0.5, 1.0, 3.006_6e-39]),
        (Link::Exponential, &[0.0, -1e30], &[1.0, 0.0]),
        (Link::Sign, &[-1.0, 0.0, 1e-45, f32::NAN], &[0.0, 0.0, 1.0, 0.0]),
        (Link::Softmax, &[1000.0, 1000.0], &[0.5, 0.5]),
        (Link::Softmax, &[-1e30, 0.0], &[0.0, 1.0]),
        (Link::LargestClass, &[3.0, 7.0, 7.0], &[1.0]),
        (
            Link::Ascending,
            &[-3.0, 0.0, -1e30],
            &[-3.0, -3.0 + 1e-6 + std::f32::consts::LN_2, -3.0 + 2e-6 + std::f32::consts::LN_2],
        ),
    ] {
        let mut row = margins.to_vec();
        link.apply(&mut row);
        row.truncate(link.width(margins.len()));
        assert_eq!(row.len(), expected.len(), "{link:?}");
        for (found, expected) in row.iter().zip(expected) {
            assert!((found - expected).abs() <= expected.abs() * 1e-4, "{link:?}: {found}, not {expected}");
        }
    }
}

#[test]
fn a_base_score_is_the_prediction_where_no_tree_adds_anything() {
    for (link, scores) in [
        (Link::Logistic, &[0.3_f32][..]),
        (Link::Exponential, &[7.5]),
        (Link::Ascending, &[-1.0, 0.25, 4.0]),
        (Link::Identity, &[-2.0]),
    ] {
        let mut row = link.margins_of(scores);
        link.apply(&mut row);
        for (found, expected) in row.iter().zip(scores) {
            assert!((found - expected).abs() < 1e-5, "{link:?}: {found}, not {expected}");
        }
    }
}
