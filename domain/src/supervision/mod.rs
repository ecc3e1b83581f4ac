//! Rules of supervision, without a clock: restart intensity, back-off, strategies, circuit breaker.
