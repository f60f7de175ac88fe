//! Bounds of what waiting for the issuer may cost.

use std::time::Duration;

use chrono::TimeDelta;

/// The pause between two fetches for key ids that nobody knows, and between two attempts to renew a set.
pub(super) const BETWEEN_FETCHES: TimeDelta = TimeDelta::minutes(1);

/// Bounds of waiting for the issuer's keys.
#[derive(Clone, Copy, Debug)]
pub struct KeyLimits {
    /// Calls that wait at once for the fetch that runs; one more is answered 503 at once.
    pub waiting: usize,
    /// How long each of them waits.
    pub wait: Duration,
    /// The pause between two fetches for key ids that nobody knows.
    pub between_fetches: TimeDelta,
}

impl Default for KeyLimits {
    fn default() -> Self {
        Self { waiting: 8, wait: Duration::from_secs(2), between_fetches: BETWEEN_FETCHES }
    }
}
