//! How many restarts in how much time are still normal.
use std::collections::VecDeque;
use std::time::Duration;

/// At most `max_restarts` within `within`; one more is too many.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RestartIntensity {
    /// Restarts that are still accepted inside the window.
    pub max_restarts: u32,
    /// Length of the window.
    pub within: Duration,
}

/// The restarts of one supervisor inside the window.
#[derive(Debug, Clone)]
pub struct RestartHistory {
    intensity: RestartIntensity,
    restarts: VecDeque<Duration>,
}

impl RestartHistory {
    /// No restarts yet.
    #[must_use]
    pub const fn new(intensity: RestartIntensity) -> Self {
        Self { intensity, restarts: VecDeque::new() }
    }

    /// Counts a restart at `now`; false when there are now more than the intensity accepts.
    pub fn accept(&mut self, now: Duration) -> bool {
        while self.restarts.front().is_some_and(|first| now.saturating_sub(*first) > self.intensity.within) {
            self.restarts.pop_front();
        }
        self.restarts.push_back(now);
        self.restarts.len() <= self.intensity.max_restarts as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_more_than_the_maximum_inside_the_window_is_too_many() {
        let intensity = RestartIntensity { max_restarts: 2, within: Duration::from_secs(10) };
        for (seconds, expected) in [
            (vec![0, 1], vec![true, true]),
            (vec![0, 1, 2], vec![true, true, false]),
            (vec![0, 1, 11], vec![true, true, true]),
            (vec![0, 1, 10], vec![true, true, false]),
        ] {
            let mut history = RestartHistory::new(intensity);
            let seen: Vec<bool> = seconds.iter().map(|second| history.accept(Duration::from_secs(*second))).collect();
            assert_eq!(seen, expected, "{seconds:?}");
        }
    }
}
