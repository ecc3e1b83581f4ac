//! One tree as parallel arrays.
use super::sink::{Sink, Width};
use crate::tail::boosting::{Node, Split, Tree};

/// What XGBoost puts in place of a threshold where a node tests categories: the smallest number above 0.
const NO_THRESHOLD: f32 = f32::from_bits(1);
/// The parent of the root.
const NO_PARENT: i64 = 2_147_483_647;

pub(super) fn write(tree: &Tree, id: i64, features: usize, sink: &mut impl Sink) {
    let arrays = Arrays::of(tree);
    let categories = Categories::of(tree);
    sink.open();
    sink.key("base_weights");
    sink.reals(&arrays.weights);
    sink.key("categories");
    sink.typed(Width::I32, &categories.codes);
    sink.key("categories_nodes");
    sink.typed(Width::I32, &categories.nodes);
    sink.key("categories_segments");
    sink.typed(Width::I64, &categories.starts);
    sink.key("categories_sizes");
    sink.typed(Width::I64, &categories.sizes);
    sink.key("default_left");
    sink.typed(Width::U8, &arrays.default_left);
    sink.key("id");
    sink.integer(id);
    sink.key("left_children");
    sink.typed(Width::I32, &arrays.left);
    sink.key("loss_changes");
    sink.reals(&arrays.gains);
    sink.key("parents");
    sink.typed(Width::I32, &arrays.parents);
    sink.key("right_children");
    sink.typed(Width::I32, &arrays.right);
    sink.key("split_conditions");
    sink.reals(&arrays.conditions);
    sink.key("split_indices");
    sink.typed(Width::I32, &arrays.features);
    sink.key("split_type");
    sink.typed(Width::U8, &arrays.categorical);
    sink.key("sum_hessian");
    sink.reals(&arrays.covers);
    sink.key("tree_param");
    sink.open();
    sink.pair("num_deleted", "0");
    sink.pair("num_feature", &features.to_string());
    sink.pair("num_nodes", &tree.nodes().len().to_string());
    sink.pair("size_leaf_vector", "1");
    sink.close();
    sink.close();
}

#[derive(Default)]
struct Arrays {
    weights: Vec<f32>,
    default_left: Vec<i64>,
    left: Vec<i64>,
    right: Vec<i64>,
    parents: Vec<i64>,
    gains: Vec<f32>,
    conditions: Vec<f32>,
    features: Vec<i64>,
    categorical: Vec<i64>,
    covers: Vec<f32>,
}

impl Arrays {
    fn of(tree: &Tree) -> Self {
        let mut arrays = Self { parents: vec![NO_PARENT; tree.nodes().len()], ..Self::default() };
        for (index, node) in (0..).zip(tree.nodes()) {
            arrays.covers.push(node.cover());
            match node {
                Node::Leaf { value, .. } => arrays.leaf(*value),
                Node::Inner { feature, split, default_left, left, gain, weight, .. } => {
                    for child in [*left as usize, *left as usize + 1] {
                        arrays.parents[child] = index;
                    }
                    arrays.left.push(i64::from(*left));
                    arrays.right.push(i64::from(*left) + 1);
                    arrays.features.push(i64::from(*feature));
                    arrays.default_left.push(i64::from(*default_left));
                    arrays.gains.push(*gain);
                    arrays.weights.push(*weight);
                    let (condition, categorical) = match split {
                        Split::Below(threshold) => (*threshold, 0),
                        Split::In(_) => (NO_THRESHOLD, 1),
                    };
                    arrays.conditions.push(condition);
                    arrays.categorical.push(categorical);
                }
            }
        }
        arrays
    }

    fn leaf(&mut self, value: f32) {
        self.left.push(-1);
        self.right.push(-1);
        self.features.push(0);
        self.default_left.push(0);
        self.gains.push(0.0);
        self.weights.push(value);
        self.conditions.push(value);
        self.categorical.push(0);
    }
}

#[derive(Default)]
struct Categories {
    nodes: Vec<i64>,
    starts: Vec<i64>,
    sizes: Vec<i64>,
    codes: Vec<i64>,
}

impl Categories {
    fn of(tree: &Tree) -> Self {
        let mut categories = Self::default();
        let whole = |number: usize| i64::try_from(number).unwrap_or(i64::MAX);
        for (index, node) in (0..).zip(tree.nodes()) {
            if let Node::Inner { split: Split::In(set), .. } = node {
                let start = categories.codes.len();
                categories.codes.extend(set.codes().map(i64::from));
                categories.nodes.push(index);
                categories.starts.push(whole(start));
                categories.sizes.push(whole(categories.codes.len() - start));
            }
        }
        categories
    }
}
