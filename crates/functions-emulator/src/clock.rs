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
    Told(Arc<dyn Fn() -> DateTime<Utc> + Send + Sync>),
    Turned(watch::Sender<DateTime<Utc>>),
}

impl Clock {
    /// The machine's own clock.
    #[must_use]
    pub fn system() -> Self {
        Self(Source::System)
    }

    /// A clock that reads its time from elsewhere; it runs as fast as the machine's own.
    #[must_use]
    pub fn told(now: impl Fn() -> DateTime<Utc> + Send + Sync + 'static) -> Self {
        Self(Source::Told(Arc::new(now)))
    }

    /// A clock that stands still until it is [turned](Self::turn).
    #[must_use]
    pub fn stopped_at(now: DateTime<Utc>) -> Self {
        Self(Source::Turned(watch::Sender::new(now)))
    }

    /// Moves a stopped clock on and wakes those whose time has come. A running clock is not moved.
    pub fn turn(&self, by: Duration) {
        if let Source::Turned(now) = &self.0 {
            now.send_modify(|now| *now = later(*now, by));
        }
    }

    /// The time now.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "the one place of this crate that reads the system clock")]
    pub fn now(&self) -> DateTime<Utc> {
        match &self.0 {
            Source::System => Utc::now(),
            Source::Told(now) => now(),
            Source::Turned(now) => *now.borrow(),
        }
    }

    /// Returns when this clock shows `time` or later.
    pub async fn sleep_until(&self, time: DateTime<Utc>) {
        if let Source::Turned(now) = &self.0 {
            let mut now = now.subscribe();
            if now.wait_for(|now| *now >= time).await.is_ok() {
                return;
            }
        }
        while let Ok(left) = (time - self.now()).to_std()
            && !left.is_zero()
        {
            tokio::time::sleep(left.min(LONGEST_NAP)).await;
        }
    }
}

/// A machine that was suspended shows a later time than the sleep was planned for, so long sleeps look again.
const LONGEST_NAP: Duration = Duration::from_mins(1);

/// A time after another, the last one that RFC 3339 can write where the sum is beyond it.
pub(crate) fn later(time: DateTime<Utc>, by: Duration) -> DateTime<Utc> {
    chrono::TimeDelta::from_std(by)
        .ok()
        .and_then(|by| time.checked_add_signed(by))
        .map_or(NEVER, |sum| sum.min(NEVER))
}

/// The last second of the year 9999: what storage queues say of a message that stays.
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
