//! How often the issuer may be asked.

use chrono::{DateTime, TimeDelta, Utc};

use crate::limits::LIMITS;

/// Longest pause between attempts while callers wait for a key and the issuer refuses: within ten seconds of its return
/// they have it.
const MAX_BACKOFF: TimeDelta = TimeDelta::seconds(8);

/// When it was asked, and why. Asking whether one may counts as asking.
#[derive(Default)]
pub(super) struct RefreshThrottle {
    last_fetch: Option<DateTime<Utc>>,
    /// When it was last asked for an unknown key.
    last_unknown_key_fetch: Option<DateTime<Utc>>,
    /// When the clock last tried again.
    last_retry: Option<DateTime<Utc>>,
    /// Attempts that failed since the last success.
    failures: u32,
    /// Whether the last attempt ended because the issuer did not answer in time.
    timed_out: bool,
    /// Whether somebody asked for a key that was not there since the last success.
    key_missing: bool,
}

/// How an attempt ended.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Attempt {
    Succeeded,
    Failed,
    /// The issuer did not answer in time.
    TimedOut,
}

impl RefreshThrottle {
    /// Whether an old set may be renewed now.
    pub(super) fn allows_refresh(&mut self, now: DateTime<Utc>) -> bool {
        interval_elapsed(&mut self.last_fetch, LIMITS.jwks.min_fetch_interval, now)
    }

    /// Whether a key that is in no set may be looked for now: once a minute, and sooner after an attempt that cost the
    /// issuer and us nothing.
    pub(super) fn allows_unknown_key(&mut self, now: DateTime<Utc>) -> bool {
        self.key_missing = true;
        let pause = if self.failures == 0 || self.timed_out {
            LIMITS.jwks.min_fetch_interval
        } else {
            self.backoff()
        };
        interval_elapsed(&mut self.last_unknown_key_fetch, pause, now)
    }

    /// Whether the clock may try again: the last attempt failed, and somebody misses a key. The timer retries an
    /// issuer that hangs as rarely as callers can; otherwise one made-up key would keep the issuer busy.
    pub(super) fn allows_retry(&mut self, now: DateTime<Utc>) -> bool {
        if !self.key_missing || self.failures == 0 {
            return false;
        }
        if self.timed_out {
            return interval_elapsed(&mut self.last_unknown_key_fetch, LIMITS.jwks.min_fetch_interval, now);
        }
        let pause = self.backoff();
        interval_elapsed(&mut self.last_retry, pause, now)
    }

    /// Whether a first set may be fetched now: at once, then after pauses that double.
    pub(super) fn allows_first_fetch(&mut self, now: DateTime<Utc>) -> bool {
        let pause = self.backoff();
        interval_elapsed(&mut self.last_fetch, pause, now)
    }

    /// Doubles with each failure.
    fn backoff(&self) -> TimeDelta {
        match self.failures {
            0 => TimeDelta::zero(),
            failures => TimeDelta::seconds(1 << (failures - 1).min(5)).min(MAX_BACKOFF),
        }
    }

    pub(super) fn record(&mut self, how: Attempt) {
        let well = how == Attempt::Succeeded;
        self.failures = if well { 0 } else { self.failures.saturating_add(1) };
        self.timed_out = how == Attempt::TimedOut;
        self.key_missing &= !well;
    }
}

/// Whether the last time is so long ago, or lies in the future because the clock was set back; now is then the last.
fn interval_elapsed(last: &mut Option<DateTime<Utc>>, pause: TimeDelta, now: DateTime<Utc>) -> bool {
    let may = last.is_none_or(|last| (now - last).abs() >= pause);
    if may {
        *last = Some(now);
    }
    may
}
