//! Boosted trees of every kind, at random but the same for a seed.
use bellwether_models::tail::boosting::{
    BoostedTrees, CategorySet, Features, ModelParts, Node, Objective, Split, Tree,
};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// What kind of model.
#[derive(Debug, Clone)]
pub(crate) struct Recipe {
    pub(crate) features: usize,
    pub(crate) outputs: usize,
    pub(crate) trees: usize,
    /// Most questions on a path.
    pub(crate) depth: usize,
    /// Chance that a node above that depth splits.
    pub(crate) splits: f64,
    /// Distinct thresholds per feature.
    pub(crate) thresholds: usize,
    /// Chance that a split tests a set of categories.
    pub(crate) categorical: f64,
    /// One child of every split is a leaf.
    pub(crate) lopsided: bool,
    /// Trees have weights.
    pub(crate) dart: bool,
    /// Chance that a node has no cover.
    pub(crate) uncovered: f64,
}

impl Default for Recipe {
    fn default() -> Self {
        Self {
            features: 5,
            outputs: 1,
            trees: 3,
            depth: 4,
            splits: 0.8,
            thresholds: 20,
            categorical: 0.0,
            lopsided: false,
            dart: false,
            uncovered: 0.0,
        }
    }
}

/// Numbers that comparisons may trip over.
const ODD: [f32; 9] =
    [0.0, -0.0, f32::INFINITY, f32::NEG_INFINITY, f32::MIN_POSITIVE, 1e-45, f32::MAX, f32::MIN, 1.000_000_1];
const CATEGORIES: u32 = 150;

/// A model and rows to try on it.
pub(crate) struct Sample {
    pub(crate) model: BoostedTrees,
    pub(crate) rows: Vec<Vec<f32>>,
}

struct Draw {
    random: ChaCha8Rng,
    recipe: Recipe,
    thresholds: Vec<Vec<f32>>,
}

pub(crate) fn sample(recipe: &Recipe, rows: usize, seed: u64) -> Sample {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let thresholds = (0..recipe.features)
        .map(|_| {
            let mut number = || {
                if random.random::<f64>() < 0.15 {
                    ODD[random.random_range(0..ODD.len())]
                } else {
                    random.random_range(-4.0..4.0_f32)
                }
            };
            (0..recipe.thresholds).map(|_| number()).collect()
        })
        .collect();
    let mut draw = Draw { random, recipe: recipe.clone(), thresholds };
    let model = draw.model();
    let rows = (0..rows).map(|_| draw.row()).collect();
    Sample { model, rows }
}

impl Draw {
    fn chance(&mut self, probability: f64) -> bool {
        self.random.random::<f64>() < probability
    }

    fn model(&mut self) -> BoostedTrees {
        let Recipe { features, outputs, trees, dart, .. } = self.recipe;
        let levels = (0..outputs).map(|output| (output as f32 + 0.5) / outputs as f32).collect();
        let tree_outputs = (0..trees).map(|_| self.random.random_range(0..outputs) as u32).collect();
        let drawn: Vec<_> = (0..trees).map(|_| self.tree()).collect();
        let weights = dart.then(|| (0..trees).map(|_| self.random.random_range(0.1..1.0_f32)).collect());
        BoostedTrees::new(ModelParts {
            objective: Objective::Quantile { levels },
            base_scores: (0..outputs).map(|_| self.random.random_range(-1.0..1.0_f32)).collect(),
            features: Features { count: features, ..Features::default() },
            trees: drawn,
            tree_outputs,
            tree_weights: weights,
            round_starts: vec![0, trees],
            best_round: None,
            attributes: std::collections::BTreeMap::new(),
        })
        .unwrap()
    }

    fn tree(&mut self) -> Tree {
        let (mut nodes, mut children) = (Vec::new(), Vec::new());
        let cover = self.random.random_range(10.0..1000.0_f32);
        self.grow(&mut nodes, &mut children, 0, cover);
        Tree::from_linked(&nodes, |index| children[index]).unwrap()
    }

    fn grow(&mut self, nodes: &mut Vec<Node>, children: &mut Vec<(i64, i64)>, depth: usize, cover: f32) -> i64 {
        let (at, recipe) = (nodes.len(), self.recipe.clone());
        let cover = if self.chance(recipe.uncovered) { 0.0 } else { cover };
        nodes.push(Node::Leaf { value: self.random.random_range(-2.0..2.0_f32), cover });
        children.push((-1, -1));
        if depth < recipe.depth && self.chance(recipe.splits) {
            let feature = self.random.random_range(0..recipe.features);
            let split = if self.chance(recipe.categorical) {
                Split::In((0..CATEGORIES).filter(|_| self.random.random::<bool>()).collect::<CategorySet>())
            } else {
                let thresholds = &self.thresholds[feature];
                Split::Below(thresholds[self.random.random_range(0..thresholds.len())])
            };
            let share = self.random.random_range(0.01..0.99_f32);
            let below = if recipe.lopsided { recipe.depth } else { depth + 1 };
            let left = self.grow(nodes, children, below, cover * share);
            let right = self.grow(nodes, children, depth + 1, cover - cover * share);
            children[at] = if self.random.random() { (left, right) } else { (right, left) };
            nodes[at] = Node::Inner {
                feature: feature as u32,
                split,
                default_left: self.random.random(),
                left: 0,
                gain: 1.0,
                cover,
                weight: 0.0,
            };
        }
        at as i64
    }

    fn row(&mut self) -> Vec<f32> {
        let value = |draw: &mut Self, feature: usize| match draw.random.random_range(0..10) {
            0 => f32::NAN,
            1 => ODD[draw.random.random_range(0..ODD.len())],
            2 => draw.random.random_range(-1.0..CATEGORIES as f32 + 20.0),
            3 => draw.random.random_range(0..CATEGORIES) as f32,
            4..7 => draw.thresholds[feature][draw.random.random_range(0..draw.thresholds[feature].len())],
            _ => draw.random.random_range(-4.0..4.0_f32),
        };
        (0..self.recipe.features).map(|feature| value(self, feature)).collect()
    }
}
