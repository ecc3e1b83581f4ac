//! Rows, covers and leaves that no training leaves behind, and questions that have no answer.
use crate::random_trees::{Recipe, Sample, sample};
use bellwether_models::explain::TreeShap;
use bellwether_models::tail::boosting::{BoostedTrees, Node, Tree};

fn with_covers(model: &BoostedTrees, mut cover: impl FnMut() -> f32) -> BoostedTrees {
    let mut parts = model.parts().clone();
    for tree in &mut parts.trees {
        let mut nodes = tree.nodes().to_vec();
        for node in &mut nodes {
            match node {
                Node::Leaf { cover: old, .. } | Node::Inner { cover: old, .. } => *old = cover(),
            }
        }
        let children = |index: usize| match nodes[index] {
            Node::Inner { left, .. } => (i64::from(left), i64::from(left) + 1),
            Node::Leaf { .. } => (-1, -1),
        };
        *tree = Tree::from_linked(&nodes, children).unwrap();
    }
    BoostedTrees::new(parts).unwrap()
}

#[test]
fn no_cover_whatever_makes_a_contribution_that_is_no_number() {
    let odd = [0.0, -0.0, -1.0, f32::NAN, f32::INFINITY, f32::NEG_INFINITY, f32::MAX, 1e-45, 1.0];
    let Sample { model, rows } = sample(&Recipe { depth: 30, lopsided: true, ..Recipe::default() }, 20, 5);
    for start in 0..odd.len() {
        let mut next = start;
        let model = with_covers(&model, || {
            next += start + 1;
            odd[next % odd.len()]
        });
        let explainer = TreeShap::new(&model).unwrap();
        for row in &rows {
            let contributions = explainer.contributions(row, 0).unwrap();
            assert!(contributions.iter().all(|one| one.is_finite()), "{contributions:?}");
        }
        assert!(explainer.bias(0).unwrap().is_finite());
    }
}

#[test]
fn questions_without_an_answer_are_refused_by_name() {
    let model = sample(&Recipe { features: 3, outputs: 2, ..Recipe::default() }, 0, 1).model;
    let explainer = TreeShap::new(&model).unwrap();
    let said = |row: &[f32], output| explainer.contributions(row, output).unwrap_err().to_string();
    assert_eq!(said(&[0.0; 3], 2), "there is no output 2: the model has 2");
    assert_eq!(said(&[0.0; 2], 0), "the row has 2 values, but the model takes 3");
    assert_eq!(explainer.bias(7).unwrap_err().to_string(), "there is no output 7: the model has 2");
}

#[test]
fn a_path_of_thousands_of_features_is_refused_instead_of_explained_for_minutes() {
    let recipe = Recipe { features: 100_000, depth: 3000, lopsided: true, splits: 1.0, trees: 1, ..Recipe::default() };
    let error = TreeShap::new(&sample(&recipe, 0, 2).model).unwrap_err().to_string();
    assert!(error.starts_with("a tree asks for 29") && error.ends_with("too long to explain beyond 1024"), "{error}");
}
