//! Retraining on a schedule: new challengers from fresh data, promoted when they are better.
mod fit;
mod plan;
mod retraining_actor;
mod view;

pub use fit::{FitError, Fitted, TrainingInput, TrainingSource, fit};
pub use plan::{PromotionPolicy, RetrainingPlan};
pub use retraining_actor::{
    CancelRetraining, NoSuchPlan, RetrainingActor, RetrainingOptions, StartRetraining, Started,
};
pub use view::{LastRun, Outcome, RetrainingView, Stage, Standing};
