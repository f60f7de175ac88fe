//! How many log lines were dropped.

use std::ops::AddAssign;

use chrono::{DateTime, Utc};
use tracing::Level;

use super::{event::LINES_DROPPED, importance::Importance, line::kind_line};

/// Lines that were dropped: by level, and at the end how many of them are audit lines.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(super) struct DroppedLines([u64; 6]);

impl DroppedLines {
    pub(super) fn count(&mut self, level: Level, importance: Importance) {
        let place = match level {
            Level::ERROR => 0,
            Level::WARN => 1,
            Level::INFO => 2,
            Level::DEBUG => 3,
            Level::TRACE => 4,
        };
        self.0[place] += 1;
        self.0[5] += u64::from(importance == Importance::Audit);
    }

    pub(super) fn is_none(&self) -> bool {
        *self == Self::default()
    }

    /// The line that reports the count.
    pub(super) fn line(&self, now: DateTime<Utc>) -> Vec<u8> {
        kind_line(now, &LINES_DROPPED, self.0.map(Into::into))
    }
}

impl AddAssign for DroppedLines {
    fn add_assign(&mut self, others: Self) {
        self.0.iter_mut().zip(others.0).for_each(|(count, more)| *count += more);
    }
}
