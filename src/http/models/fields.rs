//! The fields that every model request may carry.
use bellwether_domain::types::FeatureName;
use std::collections::BTreeMap;
use std::time::Duration;
use tokio::time::Instant;

/// When the caller wants an answer at the latest, in milliseconds after the request arrived; 1 to 60,000.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize, utoipa::ToSchema)]
#[serde(try_from = "u64")]
#[schema(value_type = u32, minimum = 1, maximum = 60_000, default = 1000)]
pub struct DeadlineMs(u64);

impl Default for DeadlineMs {
    fn default() -> Self {
        Self(1000)
    }
}

impl TryFrom<u64> for DeadlineMs {
    type Error = String;
    fn try_from(milliseconds: u64) -> Result<Self, String> {
        if (1..=60_000).contains(&milliseconds) {
            Ok(Self(milliseconds))
        } else {
            Err(format!("a deadline of {milliseconds} ms is out of range: use 1 to 60000"))
        }
    }
}

impl DeadlineMs {
    /// The moment until which a model may work, for a request that arrived at `arrived`: a tenth of the time, at most
    /// 5 ms, is kept for judging and writing the answer.
    #[must_use]
    pub fn of_model(self, arrived: std::time::Instant) -> Instant {
        let whole = Duration::from_millis(self.0);
        let kept = (whole / 10).min(Duration::from_millis(5));
        Instant::from_std(arrived + whole - kept)
    }
}

/// Values that replace what the store holds, for one request.
pub type GivenFeatures = BTreeMap<FeatureName, f64>;
