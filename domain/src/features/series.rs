//! One observed quantity of one service: its latest points and the windows over them.
use super::point_log::{Point, PointLog};
use super::rolling_window::{Offered, RollingWindow, WindowSpec};

/// What became of a point.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Inserted {
    /// It is new and in its place.
    New,
    /// It is new, but older than everything that is kept, and nothing more fits.
    Beyond,
    /// A point of the same time is known; the first one stays.
    Duplicate,
}

/// Latest points of a series, in event-time order, with its windows.
#[derive(Debug, Clone)]
pub(super) struct Series {
    log: PointLog,
    windows: Vec<RollingWindow>,
    late: u64,
}

impl Series {
    /// An empty series.
    pub(super) fn new(windows: &[WindowSpec]) -> Self {
        Self { log: PointLog::default(), windows: windows.iter().copied().map(RollingWindow::new).collect(), late: 0 }
    }

    /// The same points under other windows.
    pub(super) fn with_windows(&self, windows: &[WindowSpec]) -> Self {
        let mut series = Self { log: self.log.clone(), late: self.late, ..Self::new(windows) };
        if let Some(newest) = self.log.newest() {
            for window in &mut series.windows {
                window.slide(newest.at, &PointLog::default());
                for point in self.log.iter() {
                    window.offer(point);
                }
            }
        }
        series
    }

    /// Puts a finite point in its place and drops the oldest beyond `capacity` points.
    pub(super) fn insert(&mut self, point: Point, capacity: usize) -> Inserted {
        if self.log.len() >= capacity && self.log.oldest().is_some_and(|oldest| point.at < oldest.at) {
            return Inserted::Beyond;
        }
        if !self.log.insert(point) {
            return Inserted::Duplicate;
        }
        let newest = self.log.newest().map_or(point.at, |newest| newest.at);
        let mut late = false;
        for window in &mut self.windows {
            window.slide(newest, &self.log);
            late |= window.offer(point) == Offered::TooLate;
        }
        self.late += u64::from(late);
        while self.log.len() > capacity {
            self.drop_oldest();
        }
        Inserted::New
    }

    /// Drops the oldest point.
    pub(super) fn drop_oldest(&mut self) {
        if let Some(point) = self.log.pop_oldest() {
            self.windows.iter_mut().for_each(|window| window.forget(point));
        }
    }

    /// Recomputes what can no longer be trusted.
    pub(super) fn settle(&mut self) {
        self.windows.iter_mut().for_each(|window| window.settle(&self.log));
    }

    /// The points.
    pub(super) fn log(&self) -> &PointLog {
        &self.log
    }

    /// The window of that index.
    pub(super) fn window(&self, index: usize) -> Option<&RollingWindow> {
        self.windows.get(index)
    }

    /// Points that were older than one of the windows when they came.
    pub(super) fn late(&self) -> u64 {
        self.late
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::Timestamp;
    use proptest::prelude::*;
    use std::collections::BTreeMap;
    use std::time::Duration;

    const SPEC: WindowSpec = WindowSpec { span: Duration::from_secs(60), quantiles: true, extremes: true };

    fn point(second: i64, value: f64) -> Point {
        Point { at: Timestamp::from_milliseconds(second * 1000), value }
    }

    fn window_values(series: &Series) -> Vec<f64> {
        let newest = series.log().newest().unwrap().at;
        series.log().after(newest.minus(SPEC.span)).map(|point| point.value).collect()
    }

    #[test]
    fn points_take_their_place_whenever_they_come() {
        let mut series = Series::new(&[SPEC]);
        for (second, value, expected, kept) in [
            (100, 1.0, Inserted::New, vec![1.0]),
            (90, 2.0, Inserted::New, vec![2.0, 1.0]),
            (90, 3.0, Inserted::Duplicate, vec![2.0, 1.0]),
            (40, 4.0, Inserted::New, vec![2.0, 1.0]),
            (120, 5.0, Inserted::New, vec![2.0, 1.0, 5.0]),
            (150, 6.0, Inserted::New, vec![1.0, 5.0, 6.0]),
        ] {
            assert_eq!(series.insert(point(second, value), 100), expected, "at {second}");
            assert_eq!(window_values(&series), kept, "at {second}");
            assert_eq!(series.window(0).unwrap().moments().count(), kept.len(), "at {second}");
        }
        assert_eq!(series.late(), 1);
    }

    #[test]
    fn the_oldest_points_beyond_the_capacity_leave_series_and_window() {
        let mut series = Series::new(&[SPEC]);
        (0..10).for_each(|second| assert_eq!(series.insert(point(second, 1.0), 4), Inserted::New));
        assert_eq!(series.insert(point(2, 9.0), 4), Inserted::Beyond);
        assert_eq!((series.log().len(), series.window(0).unwrap().moments().count()), (4, 4));
        assert_eq!(series.window(0).unwrap().sketch().count(), 4);
    }

    proptest! {
        /// Whatever the order of arrival, with repeats and gaps: the window equals a computation from scratch, and the
        /// same windows built over the finished series agree.
        #[test]
        fn the_window_equals_a_full_recomputation(
            arrivals in prop::collection::vec((0_i64..600, prop_oneof![1.0..2.0, -1e6..1e6, 1e9..1.1e9]), 2..300),
            capacity in prop_oneof![Just(20_usize), Just(5_000)],
            settle_every in 1_usize..20,
        ) {
            let mut series = Series::new(&[SPEC]);
            let mut first_values = BTreeMap::new();
            for (index, (second, value)) in arrivals.iter().enumerate() {
                if series.insert(point(*second, *value), capacity) != Inserted::Duplicate {
                    first_values.insert(*second, *value);
                }
                if index % settle_every == 0 {
                    series.settle();
                }
            }
            series.settle();
            let mut exact = window_values(&series);
            if capacity == 5_000 {
                let newest = *first_values.keys().last().unwrap();
                let expected: Vec<f64> = first_values.range(newest - 59..).map(|(_, value)| *value).collect();
                prop_assert_eq!(&exact, &expected);
            }
            let rebuilt = {
                let mut rebuilt = series.with_windows(&[SPEC]);
                rebuilt.settle();
                rebuilt
            };
            let n = exact.len() as f64;
            let mean = exact.iter().sum::<f64>() / n;
            let deviation = (exact.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / (n - 1.0)).sqrt();
            let largest = exact.iter().fold(0.0_f64, |largest, value| largest.max(value.abs()));
            exact.sort_by(f64::total_cmp);
            for series in [&series, &rebuilt] {
                let window = series.window(0).unwrap();
                prop_assert_eq!(window.moments().count(), exact.len());
                prop_assert!((window.moments().mean().unwrap() - mean).abs() <= 1e-9 * mean.abs() + 1e-14 * largest);
                prop_assert!((window.moments().sum() - mean * n).abs() <= 1e-9 * (mean * n).abs() + 1e-13 * largest * n);
                if let Some(got) = window.moments().standard_deviation() {
                    prop_assert!((got - deviation).abs() <= 1e-9 * deviation + 1e-14 * largest, "{} {}", got, deviation);
                }
                prop_assert_eq!(window.extremes(), Some((exact[0], exact[exact.len() - 1])));
                let median = exact[(exact.len() - 1) / 2];
                let got = window.sketch().order_statistic((exact.len() as u32 - 1) / 2).unwrap();
                prop_assert!((got - median).abs() <= 0.010_001 * median.abs());
            }
        }

        #[test]
        fn the_order_of_arrival_does_not_matter(
            mut arrivals in prop::collection::btree_map(0_i64..300, -1e3..1e3, 1..100),
            seed in any::<u64>(),
        ) {
            let ordered: Vec<(i64, f64)> = std::mem::take(&mut arrivals).into_iter().collect();
            let mut shuffled = ordered.clone();
            shuffled.sort_by_key(|(second, _)| (*second as u64 + 1).wrapping_mul(seed | 1).rotate_left(17));
            let build = |points: &[(i64, f64)]| {
                let mut series = Series::new(&[SPEC]);
                points.iter().for_each(|(second, value)| { series.insert(point(*second, *value), 5_000); });
                series.settle();
                series
            };
            let (left, right) = (build(&ordered), build(&shuffled));
            prop_assert_eq!(left.log().values(), right.log().values());
            let (left, right) = (left.window(0).unwrap(), right.window(0).unwrap());
            prop_assert_eq!(left.sketch(), right.sketch());
            prop_assert_eq!(left.extremes(), right.extremes());
            prop_assert_eq!(left.moments().count(), right.moments().count());
        }
    }
}
