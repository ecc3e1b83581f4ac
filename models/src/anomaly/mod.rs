//! Models of the unusual: what does not fit the past, and the moment from which the past no longer counts.
pub mod bocpd;
