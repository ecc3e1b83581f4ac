//! Supervision, handles, heartbeats, the compute pool.
