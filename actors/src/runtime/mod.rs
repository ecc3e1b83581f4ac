//! The runtime: supervised children behind stable handles.
//!
//! An actix actor that panics is gone, and `actix::Supervisor` does not bring it back; a mailbox's capacity binds
//! nobody who uses `Addr::send`. So both are ours: a child runs inside `catch_unwind`, its [`Supervisor`] rebuilds it
//! from its factory and publishes the new address behind a [`Handle`], and every message carries the [`Slot`] that
//! bounds its queue.
mod child;
mod clock;
mod compute_pool;
mod faults;
mod handle;
mod heartbeat;
mod poison_guard;
mod snapshot;
mod status;
mod supervisor;
mod thread_slot;
mod watchdog;

pub use child::{Birth, Child, ChildSpec, Departure, Ended, Placement, StartError};
pub use clock::now;
pub use compute_pool::{ComputeError, ComputePool};
pub use faults::{FaultKind, FaultPlan, FaultPoint, FaultView, Injected, InjectionRefused};
pub use handle::{Handle, Reason, Slot, Unavailable};
pub use heartbeat::{Beat, Heartbeat};
pub use poison_guard::PoisonGuard;
pub use snapshot::Snapshot;
pub use status::{ActorName, ActorState, ActorView, StatusBoard, StatusCell};
pub use supervisor::{RunningRoot, SupervisionOptions, Supervisor, SupervisorSpec, run_root};
pub use thread_slot::{Fatal, LeakedThreads, ThreadSlot};
pub use watchdog::watch_main_thread;
