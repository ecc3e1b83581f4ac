//! Conformal corrections that keep their coverage while the data drift, with labels that come late.
//!
//! Both methods work on scores, such as max(lower - y, y - upper) (see [`score`](super::Interval::score)), one instance
//! for each guarantee: one for a symmetric interval or an upper bound, one per side for an asymmetric one. Before a
//! prediction the correction in force is taken by `issue`; when its label arrives, however late, `observe` judges the
//! target by what was issued then. Both take constant memory, are deterministic, and go on bit for bit after a restart
//! from their serialised state.
//!
//! Which one: [`AdaptiveConformal`] has the sharper guarantee and bears late labels better; what it asks for cannot
//! always be served, which it counts. [`QuantileTracker`] can always be served.
mod adaptive;
mod error;
mod issued;
mod options;
mod tracker;
mod window;

pub use adaptive::AdaptiveConformal;
pub use error::OnlineError;
pub use issued::{Counts, Issued, Served};
pub use options::{AdaptiveOptions, TrackerOptions};
pub use tracker::QuantileTracker;
