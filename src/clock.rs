//! The one place that reads the system's clock.

use std::time::Instant;

use chrono::{DateTime, SubsecRound, Utc};

mod retention;
#[cfg(feature = "shifted-clock")]
mod shifted;

pub use retention::{RetentionClock, RetentionTime};

/// The current time, in whole microseconds: the precision of every store.
#[derive(Clone, Copy, Debug, Default)]
pub struct Clock;

impl Clock {
    /// The time now.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "everyone else is handed a Clock or a time")]
    pub fn now(self) -> DateTime<Utc> {
        let now = Utc::now();
        #[cfg(feature = "shifted-clock")]
        let now = now + shifted::offset();
        now.trunc_subsecs(6)
    }

    /// The monotonic time, which is never set and never goes back.
    #[must_use]
    pub fn instant(self) -> Instant {
        Instant::now()
    }
}
