//! Small models whose predictions are known, and the commands that register them.
use super::bellwether;
use super::commands::Output;
use bellwether_models::tail::boosting::xgboost::to_ubjson;
use bellwether_models::tail::boosting::{BoostedTrees, FeatureKind, Features, ModelParts, Objective, Tree};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// A model of the input `load` that predicts these values at these levels for every row.
pub(crate) fn constant_model(quantiles: &[(f32, f32)]) -> Vec<u8> {
    padded_model(quantiles, 0)
}

/// The same, with so many bytes more in its file.
pub(crate) fn padded_model(quantiles: &[(f32, f32)], padding: usize) -> Vec<u8> {
    let outputs = u32::try_from(quantiles.len()).unwrap();
    let features =
        Features { count: 1, names: vec!["load".to_owned()], kinds: vec![FeatureKind::Float], categories: Vec::new() };
    let parts = ModelParts {
        objective: Objective::Quantile { levels: quantiles.iter().map(|pair| pair.0).collect() },
        base_scores: quantiles.iter().map(|pair| pair.1).collect(),
        features,
        trees: quantiles.iter().map(|_| Tree::leaf(0.0, 1.0)).collect(),
        tree_outputs: (0..outputs).collect(),
        tree_weights: None,
        round_starts: vec![0, quantiles.len()],
        best_round: None,
        attributes: BTreeMap::from([("padding".to_owned(), "x".repeat(padding))]),
    };
    to_ubjson(&BoostedTrees::new(parts).unwrap())
}

/// A folder of files, and `bellwether models` on a data directory.
#[derive(Debug)]
pub(crate) struct Models {
    folder: TempDir,
    data: PathBuf,
}

impl Models {
    /// On a data directory of its own.
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        Self { folder, data }
    }

    /// On the data directory of a server.
    pub(crate) fn on(data: &Path) -> Self {
        Self { data: data.to_owned(), ..Self::new() }
    }

    /// The data directory.
    pub(crate) fn data(&self) -> &Path {
        &self.data
    }

    /// Writes a file and gives its path.
    pub(crate) fn file(&self, name: &str, content: &[u8]) -> String {
        let path = self.folder.path().join(name);
        std::fs::write(&path, content).unwrap();
        path.to_str().unwrap().to_owned()
    }

    /// Runs `bellwether models` with these words.
    #[track_caller]
    pub(crate) fn run(&self, words: &[&str]) -> Output {
        let place = ["--data-dir", self.data.to_str().unwrap()];
        bellwether(&[&["models"], words, &place].concat(), &[])
    }

    /// Runs it, and what it prints as JSON.
    #[track_caller]
    pub(crate) fn json(&self, words: &[&str]) -> Value {
        let output = self.run(&[words, &["--format", "json"]].concat());
        assert_eq!((output.code, output.stderr.as_str()), (Some(0), ""), "{words:?}: {output:?}");
        serde_json::from_str(&output.stdout).unwrap()
    }

    /// Registers a constant model as a new version of `tail-slo`, and gives the path of its file.
    #[track_caller]
    pub(crate) fn register(&self, quantiles: &[(f32, f32)]) -> String {
        let file = self.file("model.ubj", &constant_model(quantiles));
        let version = self.json(&["register", "tail-slo", "--model", &file]);
        self.data.join("models/files").join(version["sha256"].as_str().unwrap()).to_str().unwrap().to_owned()
    }

    /// Registers and promotes one.
    #[track_caller]
    pub(crate) fn champion(&self, quantiles: &[(f32, f32)]) -> String {
        let file = self.register(quantiles);
        let version = self.json(&["show", "tail-slo"])["versions"].as_array().unwrap().len().to_string();
        let promoted = self.run(&["promote", "tail-slo", &version, "--reason", "a test"]);
        assert_eq!(promoted.code, Some(0), "{promoted:?}");
        file
    }
}
