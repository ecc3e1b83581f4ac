//! Every store answers the same; SQLite also survives what happens to disks and processes.
mod conformance;
mod failing_places;
mod killed;
mod support;
