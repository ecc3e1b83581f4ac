//! Every store answers the same; SQLite also survives what happens to disks and processes.
mod conformance;
mod failing_places;
mod killed;
mod learner_logs;
mod support;
