//! The time, as a value that code is given.

use std::{fmt, sync::Arc, time::Duration};

use chrono::{DateTime, Utc};
use tokio::sync::watch;

/// Says what time it is and wakes sleepers; clones agree.
#[derive(Clone)]
pub struct Clock(Source);

#[derive(Clone)]
enum Source {
    System,
    Custom(Arc<dyn Fn() -> DateTime<Utc> + Send + Sync>),
    Manual(watch::Sender<DateTime<Utc>>),
}

impl Clock {
    /// The machine's own clock.
    #[must_use]
    pub fn system() -> Self {
        Self(Source::System)
    }

    /// A clock that reads its time from elsewhere; it runs as fast as the machine's own.
    #[must_use]
    pub fn from_fn(now: impl Fn() -> DateTime<Utc> + Send + Sync + 'static) -> Self {
        Self(Source::Custom(Arc::new(now)))
    }

    /// A clock that stops until it is [advanced](Self::advance).
    #[must_use]
    pub fn stopped_at(now: DateTime<Utc>) -> Self {
        Self(Source::Manual(watch::Sender::new(now)))
    }

    /// Moves a stopped clock on and wakes those whose time has come. A running clock is not moved.
    pub fn advance(&self, by: Duration) {
        if let Source::Manual(now) = &self.0 {
            now.send_modify(|now| *now = later(*now, by));
        }
    }

    /// The time now.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "the one place of this crate that reads the system clock")]
    pub fn now(&self) -> DateTime<Utc> {
        match &self.0 {
            Source::System => Utc::now(),
            Source::Custom(now) => now(),
            Source::Manual(now) => *now.borrow(),
        }
    }

    /// Returns when this clock shows `time` or later.
    pub async fn sleep_until(&self, time: DateTime<Utc>) {
        if let Source::Manual(now) = &self.0 {
            let mut now = now.subscribe();
            if now.wait_for(|now| *now >= time).await.is_ok() {
                return;
            }
        }
        while let Ok(left) = (time - self.now()).to_std()
            && !left.is_zero()
        {
            tokio::time::sleep(left.min(MAX_SLEEP)).await;
        }
    }
}

/// The longest sleep before the clock is read again: a machine that was suspended meanwhile shows a later time than the
/// sleep was planned for.
const MAX_SLEEP: Duration = Duration::from_mins(1);

/// A time after another, the last one that RFC 3339 can write where the sum is beyond it.
pub(crate) fn later(time: DateTime<Utc>, by: Duration) -> DateTime<Utc> {
    chrono::TimeDelta::from_std(by)
        .ok()
        .and_then(|by| time.checked_add_signed(by))
        .map_or(NEVER, |sum| sum.min(NEVER))
}

/// The last second of the year 9999: the expiry of a message without one.
pub(crate) const NEVER: DateTime<Utc> = match DateTime::from_timestamp(253_402_300_799, 0) {
    Some(time) => time,
    None => DateTime::<Utc>::MAX_UTC,
};

impl Default for Clock {
    fn default() -> Self {
        Self::system()
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Clock").field(&self.now()).finish()
    }
}
