//! The compact forms answer with the bits of the plain walk, whatever the model and the row.
use crate::random_trees::{Recipe, Sample, sample};
use bellwether_models::tail::boosting::{BoostedTrees, Node, RowPredictor};
use proptest::prelude::*;

/// Leaves added in the file's order, tree by tree, found by the walk that defines what a tree answers.
fn walked(model: &BoostedTrees, row: &[f32]) -> Vec<u32> {
    let parts = model.parts();
    let mut margins = parts.base_scores.clone();
    for (index, tree) in model.trees_in_use().iter().enumerate() {
        let Node::Leaf { value, .. } = tree.nodes()[tree.leaf_of(row)] else { unreachable!() };
        let weight = parts.tree_weights.as_ref().map_or(1.0, |weights| weights[index]);
        margins[parts.tree_outputs[index] as usize] += value * weight;
    }
    bits(&margins)
}

fn bits(margins: &[f32]) -> Vec<u32> {
    margins.iter().map(|margin| margin.to_bits()).collect()
}

fn check(Sample { model, rows }: &Sample) {
    let predictor = RowPredictor::new(model);
    let expected: Vec<_> = rows.iter().map(|row| walked(model, row)).collect();
    let mut margins = vec![0.0; model.outputs()];
    for (row, expected) in rows.iter().zip(&expected) {
        predictor.margins(row, &mut margins).unwrap();
        assert_eq!(&bits(&margins), expected, "row {row:?}");
    }
    let mut all = vec![0.0; model.outputs() * rows.len()];
    predictor.margins_of_rows(&rows.concat(), &mut all).unwrap();
    assert_eq!(bits(&all), expected.concat(), "rows at once");
}

fn recipes() -> impl Strategy<Value = Recipe> {
    let size = (1..40_usize, 1..6_usize, 0..40_usize, 0..12_usize, 0.3..1.0_f64);
    let kind = (prop::sample::select(vec![1, 3, 200, 2000_usize]), prop::sample::select(vec![0.0, 0.3, 1.0]));
    (size, kind, any::<bool>(), any::<bool>()).prop_map(
        |((features, outputs, trees, depth, splits), (thresholds, categorical), lopsided, dart)| Recipe {
            features,
            outputs,
            trees,
            depth: if lopsided { depth * 6 } else { depth },
            splits: if lopsided { 0.98 } else { splits },
            thresholds,
            categorical,
            lopsided,
            dart,
            uncovered: 0.0,
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(192))]

    #[test]
    fn every_row_of_every_model_gets_the_bits_of_the_plain_walk(recipe in recipes(), seed in any::<u64>()) {
        check(&sample(&recipe, 70, seed));
    }
}

#[test]
fn models_beyond_the_compact_forms_get_the_bits_of_the_plain_walk_too() {
    let complete = Recipe { splits: 1.0, depth: 6, trees: 64, ..Recipe::default() };
    for (what, recipe) in [
        ("more features than bytes count", Recipe { features: 300, ..complete.clone() }),
        ("more features than words count", Recipe { features: 3000, trees: 400, ..complete.clone() }),
        ("more sets than words count", Recipe { categorical: 0.9, ..complete.clone() }),
        ("more thresholds than bytes count", Recipe { features: 2, thresholds: 100_000, ..complete.clone() }),
        (
            "more thresholds than words count",
            Recipe { features: 1, thresholds: 1_000_000, depth: 17, trees: 2, ..complete.clone() },
        ),
        ("a tree of sixty-four levels", Recipe { depth: 64, lopsided: true, ..complete.clone() }),
    ] {
        println!("{what}");
        check(&sample(&recipe, 40, 7));
    }
}

#[test]
fn trees_after_the_best_round_are_left_out() {
    let sample = sample(&Recipe { trees: 20, outputs: 2, ..Recipe::default() }, 10, 3);
    let mut parts = sample.model.parts().clone();
    parts.round_starts = (0..=20).collect();
    parts.best_round = Some(6);
    check(&Sample { model: BoostedTrees::new(parts).unwrap(), rows: sample.rows });
}
