//! Models of the tail: what happens rarely and costs most.
