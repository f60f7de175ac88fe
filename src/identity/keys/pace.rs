//! How often the issuer may be asked.

use chrono::{DateTime, TimeDelta, Utc};

const ONCE_A_MINUTE: TimeDelta = TimeDelta::minutes(1);
/// Longest pause between attempts while callers wait for a key and the issuer fails: within ten seconds of its return
/// they have it.
const SLOWEST: TimeDelta = TimeDelta::seconds(8);

/// When it was asked, and why. Asking whether one may counts as asking.
#[derive(Default)]
pub(super) struct Pace {
    asked: Option<DateTime<Utc>>,
    /// When it was last asked for a key that nobody knew.
    sought: Option<DateTime<Utc>>,
    /// Attempts that failed since the last success.
    failures: u32,
}

impl Pace {
    /// Whether an old set may be renewed now.
    pub(super) fn may_renew(&mut self, now: DateTime<Utc>) -> bool {
        passed(&mut self.asked, ONCE_A_MINUTE, now)
    }

    /// Whether a key that is in no set may be looked for now: once a minute, and after a failure sooner.
    pub(super) fn may_seek(&mut self, now: DateTime<Utc>) -> bool {
        let pause = if self.failures == 0 { ONCE_A_MINUTE } else { self.pause() };
        passed(&mut self.sought, pause, now)
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

    pub(super) fn ended(&mut self, well: bool) {
        self.failures = if well { 0 } else { self.failures.saturating_add(1) };
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
