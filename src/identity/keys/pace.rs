//! How often the issuer may be asked.

use chrono::{DateTime, TimeDelta, Utc};

use crate::limits::LIMITS;

/// Longest pause between attempts while callers wait for a key and the issuer refuses: within ten seconds of its return
/// they have it.
const SLOWEST: TimeDelta = TimeDelta::seconds(8);

/// When it was asked, and why. Asking whether one may counts as asking.
#[derive(Default)]
pub(super) struct Pace {
    asked: Option<DateTime<Utc>>,
    /// When it was last asked for an unknown key.
    sought: Option<DateTime<Utc>>,
    /// When the clock last tried again.
    tried: Option<DateTime<Utc>>,
    /// Attempts that failed since the last success.
    failures: u32,
    /// Whether the last attempt ended because the issuer did not answer in time.
    hung: bool,
    /// Whether somebody asked for a key that was not there since the last success.
    missed: bool,
}

/// How an attempt ended.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Attempt {
    Succeeded,
    Failed,
    /// The issuer did not answer in time.
    Hung,
}

impl Pace {
    /// Whether an old set may be renewed now.
    pub(super) fn may_renew(&mut self, now: DateTime<Utc>) -> bool {
        passed(&mut self.asked, LIMITS.keys.between_fetches, now)
    }

    /// Whether a key that is in no set may be looked for now: once a minute, and sooner after an attempt that cost the
    /// issuer and us nothing.
    pub(super) fn may_seek(&mut self, now: DateTime<Utc>) -> bool {
        self.missed = true;
        let pause = if self.failures == 0 || self.hung { LIMITS.keys.between_fetches } else { self.pause() };
        passed(&mut self.sought, pause, now)
    }

    /// Whether the clock may try again: the last attempt failed, and somebody misses a key. An issuer that hangs is asked
    /// no sooner than a caller may have it asked, or one made-up key would keep it busy.
    pub(super) fn may_retry(&mut self, now: DateTime<Utc>) -> bool {
        if !self.missed || self.failures == 0 {
            return false;
        }
        if self.hung {
            return passed(&mut self.sought, LIMITS.keys.between_fetches, now);
        }
        let pause = self.pause();
        passed(&mut self.tried, pause, now)
    }

    /// Whether a first set may be fetched now: at once, then after pauses that double.
    pub(super) fn may_begin(&mut self, now: DateTime<Utc>) -> bool {
        let pause = self.pause();
        passed(&mut self.asked, pause, now)
    }

    /// Doubles with each failure.
    fn pause(&self) -> TimeDelta {
        match self.failures {
            0 => TimeDelta::zero(),
            failures => TimeDelta::seconds(1 << (failures - 1).min(5)).min(SLOWEST),
        }
    }

    pub(super) fn ended(&mut self, how: Attempt) {
        let well = how == Attempt::Succeeded;
        self.failures = if well { 0 } else { self.failures.saturating_add(1) };
        self.hung = how == Attempt::Hung;
        self.missed &= !well;
    }
}

/// Whether the last time is so long ago, or lies in the future because the clock was set back; now is then the last.
fn passed(last: &mut Option<DateTime<Utc>>, pause: TimeDelta, now: DateTime<Utc>) -> bool {
    let may = last.is_none_or(|last| (now - last).abs() >= pause);
    if may {
        *last = Some(now);
    }
    may
}
