//! One tree: parallel arrays with an entry per node.
use crate::tail::boosting::xgboost::cursor::Cursor;
use crate::tail::boosting::xgboost::error::FileError;
use crate::tail::boosting::{CategorySet, Node, Split, Tree, TreeError};
use std::collections::HashMap;

/// Categories are below this code, which f32 still tells from the next.
const CATEGORY_END: i64 = 16_777_216;
/// 64-bit words that the sets of categories of a model take, at most.
pub(super) const MOST_CATEGORY_WORDS: usize = 1 << 23;

/// What the trees of a file may still take.
#[derive(Debug)]
pub(super) struct Allowance {
    pub(super) nodes: usize,
    pub(super) category_words: usize,
}

/// The trees that one of the file's stands for: itself, or one per output if its leaves hold a number for each.
pub(super) fn read(
    at: &Cursor<'_>,
    outputs: usize,
    features: usize,
    allowance: &mut Allowance,
) -> Result<Vec<Tree>, FileError> {
    let arrays = Arrays::read(at, outputs)?;
    let copies = if arrays.leaf_width > 1 { outputs } else { 1 };
    let nodes = arrays.left.len().saturating_mul(copies);
    allowance.nodes = allowance
        .nodes
        .checked_sub(nodes)
        .ok_or_else(|| at.error(format!("brings the model above {} nodes", super::MOST_NODES)))?;
    let categories = categories(at, allowance)?;
    (0..copies).map(|output| tree(at, &arrays, &categories, features, output)).collect()
}

struct Arrays {
    left: Vec<i64>,
    right: Vec<i64>,
    feature: Vec<i64>,
    condition: Vec<f32>,
    default_left: Vec<i64>,
    gain: Vec<f32>,
    cover: Vec<f32>,
    weight: Vec<f32>,
    /// Whether nodes test categories; empty if none does.
    categorical: Vec<i64>,
    /// Numbers of a leaf.
    leaf_width: usize,
    /// Leaf by leaf, if they have rows of their own: a leaf's row is the entry in its place of `right`.
    leaves: Option<Vec<f32>>,
}

impl Arrays {
    fn read(at: &Cursor<'_>, outputs: usize) -> Result<Self, FileError> {
        let parameters = at.field("tree_param")?;
        let nodes: usize = parameters.field("num_nodes")?.number()?;
        let leaf_width = match parameters.find("size_leaf_vector")? {
            Some(width) => {
                let number: usize = width.number()?;
                if number > 1 && number != outputs {
                    return Err(width.error(format!("is {number}, but the model has {outputs} outputs")));
                }
                number.max(1)
            }
            None => 1,
        };
        if nodes == 0 {
            return Err(parameters.field("num_nodes")?.error("is 0"));
        }
        let integers = |key: &str| {
            let place = at.field(key)?;
            checked(&place, place.integers()?, nodes)
        };
        let reals = |key: &str, length: usize| {
            let place = at.field(key)?;
            checked(&place, place.reals()?, length)
        };
        // XGBoost 2 leaves the statistics of trees with several numbers a leaf out.
        let statistics = |key: &str| match at.find(key)? {
            None if leaf_width > 1 => Ok(vec![0.0; nodes]),
            _ => reals(key, nodes),
        };
        let leaves = match at.find("leaf_weights")? {
            Some(place) if leaf_width > 1 => Some(place.reals()?),
            _ => None,
        };
        Ok(Self {
            left: integers("left_children")?,
            right: integers("right_children")?,
            feature: integers("split_indices")?,
            condition: reals("split_conditions", nodes)?,
            default_left: integers("default_left")?,
            gain: statistics("loss_changes")?,
            cover: statistics("sum_hessian")?,
            weight: reals("base_weights", nodes.saturating_mul(leaf_width))?,
            categorical: if at.find("split_type")?.is_some() { integers("split_type")? } else { Vec::new() },
            leaf_width,
            leaves,
        })
    }

    fn leaf(&self, node: usize, output: usize) -> Option<f32> {
        if self.leaf_width == 1 {
            return self.condition.get(node).copied();
        }
        match &self.leaves {
            Some(leaves) => {
                let row = usize::try_from(self.right[node]).ok()?;
                leaves.get(row.checked_mul(self.leaf_width)?.checked_add(output)?).copied()
            }
            None => self.weight.get(node * self.leaf_width + output).copied(),
        }
    }
}

fn checked<T>(place: &Cursor<'_>, array: Vec<T>, length: usize) -> Result<Vec<T>, FileError> {
    if array.len() == length {
        return Ok(array);
    }
    Err(place.error(format!("has {} entries, not {length}", array.len())))
}

fn tree(
    at: &Cursor<'_>,
    arrays: &Arrays,
    categories: &HashMap<i64, CategorySet>,
    features: usize,
    output: usize,
) -> Result<Tree, FileError> {
    let refused = |error: TreeError| {
        let key = match error {
            TreeError::ChildOutOfRange { node, child, .. } if arrays.left[node] != child => "right_children",
            _ => "left_children",
        };
        at.field(key).map_or_else(|lacking| lacking, |place| place.error(error.to_string()))
    };
    Tree::grown(
        arrays.left.len(),
        |index| node(at, arrays, categories, features, index, output),
        |index| (arrays.left[index], arrays.right[index]),
        refused,
    )
}

/// A node that the root reaches: others may hold anything.
fn node(
    at: &Cursor<'_>,
    arrays: &Arrays,
    categories: &HashMap<i64, CategorySet>,
    features: usize,
    index: usize,
    output: usize,
) -> Result<Node, FileError> {
    let cover = arrays.cover[index];
    if arrays.left[index] == -1 {
        let value = arrays.leaf(index, output);
        let value = value.ok_or_else(|| at.error(format!("has no values for leaf {index}")))?;
        return Ok(Node::Leaf { value, cover });
    }
    let feature = arrays.feature[index];
    let known = u32::try_from(feature).ok().filter(|feature| (*feature as usize) < features);
    let Some(feature) = known else {
        let what = format!("names feature {feature}, but the model has {features}");
        return Err(at.field("split_indices")?.error(what));
    };
    let split = if arrays.categorical.get(index).is_some_and(|kind| *kind != 0) {
        let set = i64::try_from(index).ok().and_then(|index| categories.get(&index));
        let set = set.ok_or_else(|| at.error(format!("has no categories for node {index}")))?;
        Split::In(set.clone())
    } else {
        Split::Below(arrays.condition[index])
    };
    Ok(Node::Inner {
        feature,
        split,
        default_left: arrays.default_left[index] != 0,
        left: 0,
        gain: arrays.gain[index],
        cover,
        weight: arrays.weight[index * arrays.leaf_width + output],
    })
}

/// The categories that each categorical node tests.
fn categories(at: &Cursor<'_>, allowance: &mut Allowance) -> Result<HashMap<i64, CategorySet>, FileError> {
    let mut sets = HashMap::new();
    let Some(nodes_at) = at.find("categories_nodes")? else { return Ok(sets) };
    let nodes = nodes_at.integers()?;
    if nodes.is_empty() {
        return Ok(sets);
    }
    let (codes_at, starts_at) = (at.field("categories")?, at.field("categories_segments")?);
    let sizes_at = at.field("categories_sizes")?;
    let codes = codes_at.integers()?;
    let starts = checked(&starts_at, starts_at.integers()?, nodes.len())?;
    let sizes = checked(&sizes_at, sizes_at.integers()?, nodes.len())?;
    for ((node, start), size) in nodes.into_iter().zip(starts).zip(sizes) {
        let range = usize::try_from(start).ok().zip(usize::try_from(size).ok());
        let range = range.and_then(|(start, size)| codes.get(start..start.checked_add(size)?));
        let codes = range.ok_or_else(|| starts_at.error("lies outside of the categories"))?;
        let most = codes.iter().copied().max().unwrap_or(0);
        if most >= CATEGORY_END || codes.iter().any(|code| *code < 0) {
            return Err(codes_at.error(format!("holds a code that is not between 0 and {}", CATEGORY_END - 1)));
        }
        let words = usize::try_from(most / 64 + 1).unwrap_or(usize::MAX);
        allowance.category_words = allowance
            .category_words
            .checked_sub(words)
            .ok_or_else(|| codes_at.error("brings the model above the memory that categories may take"))?;
        sets.insert(node, codes.iter().filter_map(|code| u32::try_from(*code).ok()).collect());
    }
    Ok(sets)
}
