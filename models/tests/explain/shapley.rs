//! Contributions against the definition of the Shapley value, over all subsets of features.
use crate::random_trees::{Recipe, Sample, sample};
use crate::{margin, size};
use bellwether_models::explain::TreeShap;
use bellwether_models::tail::boosting::{BoostedTrees, Node};
use proptest::prelude::*;

/// What a tree answers when only the features in `known` are: elsewhere the children's mean by their covers.
fn expectation(nodes: &[Node], at: usize, row: &[f32], known: u32) -> f64 {
    match &nodes[at] {
        Node::Leaf { value, .. } => f64::from(*value),
        Node::Inner { feature, split, default_left, left, cover, .. } => {
            let left = *left as usize;
            if known >> feature & 1 == 1 {
                let goes_left = split.goes_left(row[*feature as usize], *default_left);
                return expectation(nodes, left + usize::from(!goes_left), row, known);
            }
            let part = |child: usize| match *cover {
                0.0 => 0.5 * expectation(nodes, child, row, known),
                cover => {
                    let share = f64::from(nodes[child].cover()) / f64::from(cover);
                    share * expectation(nodes, child, row, known)
                }
            };
            part(left) + part(left + 1)
        }
    }
}

/// The value of the game for each subset of features.
fn game(model: &BoostedTrees, row: &[f32], output: usize) -> Vec<f64> {
    let parts = model.parts();
    let value = |known| {
        let mut sum = f64::from(parts.base_scores[output]);
        for (index, tree) in model.trees_in_use().iter().enumerate() {
            let weight = parts.tree_weights.as_ref().map_or(1.0, |weights| weights[index]);
            if parts.tree_outputs[index] as usize == output {
                sum += f64::from(weight) * expectation(tree.nodes(), 0, row, known);
            }
        }
        sum
    };
    (0..1 << parts.features.count).map(value).collect()
}

/// Shapley (1953): the mean of what a player adds, over all orders in which the players may come.
fn shapley(game: &[f64], features: usize, feature: usize) -> f64 {
    let factorial = |n: u32| (1..=n).map(f64::from).product::<f64>();
    let without = (0..game.len()).filter(|known| known >> feature & 1 == 0);
    let part = |known: usize| {
        let (before, all) = (known.count_ones(), features as u32);
        let weight = factorial(before) * factorial(all - before - 1) / factorial(all);
        weight * (game[known | 1 << feature] - game[known])
    };
    without.map(part).sum()
}

fn recipes() -> impl Strategy<Value = Recipe> {
    let size = (1..7_usize, 1..3_usize, 1..4_usize, 0..10_usize);
    let chances = (prop::sample::select(vec![0.0, 0.4, 1.0]), prop::sample::select(vec![0.0, 0.3]));
    (size, chances, any::<bool>(), any::<bool>()).prop_map(
        |((features, outputs, trees, depth), (categorical, uncovered), lopsided, dart)| Recipe {
            features,
            outputs,
            trees,
            depth,
            categorical,
            lopsided,
            dart,
            uncovered,
            splits: 0.85,
            ..Recipe::default()
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn contributions_are_the_shapley_values_of_the_game_that_covers_define(recipe in recipes(), seed in any::<u64>()) {
        let Sample { model, rows } = sample(&recipe, 3, seed);
        let (explainer, tolerance) = (TreeShap::new(&model).unwrap(), 1e-12 * size(&model));
        for row in &rows {
            for output in 0..recipe.outputs {
                let game = game(&model, row, output);
                let found = explainer.contributions(row, output).unwrap();
                prop_assert!((explainer.bias(output).unwrap() - game[0]).abs() < tolerance);
                for (feature, found) in found.into_iter().enumerate() {
                    let expected = shapley(&game, recipe.features, feature);
                    prop_assert!((found - expected).abs() < tolerance, "feature {feature}: {found} not {expected}");
                }
            }
        }
    }

    #[test]
    fn contributions_and_bias_add_up_to_the_margin_at_any_depth(
        depth in 1..40_usize, features in 1..60_usize, seed in any::<u64>(),
    ) {
        let recipe = Recipe { depth, features, lopsided: depth > 10, splits: 0.98, trees: 4, ..Recipe::default() };
        let Sample { model, rows } = sample(&recipe, 5, seed);
        let explainer = TreeShap::new(&model).unwrap();
        for row in &rows {
            let sum = explainer.bias(0).unwrap() + explainer.contributions(row, 0).unwrap().iter().sum::<f64>();
            let expected = margin(&model, row, 0);
            prop_assert!((sum - expected).abs() < 1e-12 * size(&model), "{sum} not {expected}");
        }
    }
}

/// With one question per feature on a path of ones, every subset that leaves the path costs the same: the leaf is shared
/// evenly. At depth 63 an integrand of degree 62 is met by quadrature, not approximated.
#[test]
fn a_path_of_equal_questions_shares_its_leaf_evenly() {
    use bellwether_models::tail::boosting::{Features, ModelParts, Objective, Split, Tree};
    for depth in [1_u32, 2, 3, 7, 8, 9, 20, 63] {
        let mut nodes = Vec::new();
        for level in 0..depth {
            let cover = 0.5_f32.powi(level as i32);
            let (split, gain, weight) = (Split::Below(0.0), 1.0, 0.0);
            nodes.push(Node::Inner { feature: level, split, default_left: true, left: 0, gain, cover, weight });
        }
        nodes.push(Node::Leaf { value: 1.0, cover: 0.5_f32.powi(depth as i32) });
        for level in 0..depth {
            nodes.push(Node::Leaf { value: 0.0, cover: 0.5_f32.powi(level as i32 + 1) });
        }
        let children = |index: usize| (index as i64 + 1, (depth as usize + 1 + index) as i64);
        let tree = Tree::from_linked(&nodes, children).unwrap();
        let model = BoostedTrees::new(ModelParts {
            objective: Objective::Quantile { levels: vec![0.5] },
            base_scores: vec![0.0],
            features: Features { count: depth as usize, ..Features::default() },
            trees: vec![tree],
            tree_outputs: vec![0],
            tree_weights: None,
            round_starts: vec![0, 1],
            best_round: None,
            attributes: std::collections::BTreeMap::new(),
        })
        .unwrap();
        let explainer = TreeShap::new(&model).unwrap();
        let expected = (1.0 - 0.5_f64.powi(depth as i32)) / f64::from(depth);
        for contribution in explainer.contributions(&vec![-1.0; depth as usize], 0).unwrap() {
            assert!((contribution - expected).abs() < 1e-14, "depth {depth}: {contribution} not {expected}");
        }
    }
}
