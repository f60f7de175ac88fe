//! When a timer ran and runs next.

use chrono::{DateTime, Utc};

/// The host's record of a monitored timer.
#[derive(Clone, Copy, Debug)]
pub struct TimerStatus {
    /// When the last run started; none before the first.
    pub last: Option<DateTime<Utc>>,
    /// When the next run is due, as seen after the last one.
    pub next: Option<DateTime<Utc>>,
}
