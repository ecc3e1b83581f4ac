//! Features that are asked for again further down a path.
use crate::tail::boosting::Node;
use std::collections::HashMap;

/// What the paths from the root say of a tree's nodes.
#[derive(Debug)]
pub(super) struct Paths {
    /// Per inner node: the node below the last question about the same feature further up; the root if there is none.
    pub(super) previous: Vec<u32>,
    /// Most distinct features on a path.
    pub(super) most_features: usize,
}

/// What is left to do.
#[derive(Debug)]
enum Task {
    Enter { node: u32, by: Option<u32> },
    Leave { feature: u32, last: Option<u32> },
}

impl Paths {
    /// Goes down every path and back, once for each node however deep.
    pub(super) fn new(nodes: &[Node]) -> Self {
        let mut paths = Self { previous: vec![0; nodes.len()], most_features: 0 };
        // The node below the last question about each feature on the present path.
        let mut last = HashMap::<u32, u32>::new();
        let mut tasks = vec![Task::Enter { node: 0, by: None }];
        while let Some(task) = tasks.pop() {
            match task {
                Task::Leave { feature, last: Some(node) } => {
                    last.insert(feature, node);
                }
                Task::Leave { feature, last: None } => {
                    last.remove(&feature);
                }
                Task::Enter { node, by } => {
                    if let Some(feature) = by {
                        tasks.push(Task::Leave { feature, last: last.insert(feature, node) });
                    }
                    if let Some(Node::Inner { feature, left, .. }) = nodes.get(node as usize) {
                        paths.previous[node as usize] = last.get(feature).copied().unwrap_or(0);
                        tasks.extend([*left, *left + 1].map(|node| Task::Enter { node, by: Some(*feature) }));
                    }
                    paths.most_features = paths.most_features.max(last.len());
                }
            }
        }
        paths
    }
}
