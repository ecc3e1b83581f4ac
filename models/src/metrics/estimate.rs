//! A mean and how far it may be off.
use crate::moments::Moments;

/// The mean of a figure over rows.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Estimate {
    /// The mean.
    pub value: f64,
    /// Its standard error, if rows are independent: standard deviation (with n - 1) / √n; `None` for fewer than two rows.
    pub standard_error: Option<f64>,
}

impl Estimate {
    /// `None` without rows.
    pub(super) fn of(moments: &Moments) -> Option<Self> {
        let rows = moments.count();
        let standard_error = (rows > 1).then(|| moments.deviation() / (rows as f64).sqrt());
        (rows > 0).then(|| Self { value: moments.mean(), standard_error })
    }
}
