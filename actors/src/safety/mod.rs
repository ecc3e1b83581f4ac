//! Safety: who owns the brake and the overrides, and where every answer is judged.
mod answering;
mod last_answers;
mod safety_controller;

pub use answering::{Answering, Question};
pub use last_answers::{LastAnswer, LastAnswers};
pub use safety_controller::{
    AddOverride, EmergencyOutcome, HistoryView, RecordViolations, RemoveOverride, SafetyController,
    SafetyControllerOptions, SafetyInForce, SetEmergency,
};
