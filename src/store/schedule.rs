//! When a message is sent again.

use chrono::{DateTime, Duration, Utc};

use super::bindings::FULFILMENT;

/// The longest wait between two sendings.
const LONGEST_WAIT: Duration = Duration::hours(1);

/// How far the clocks of two processes may be apart before a row counts as made by a wrong one.
const CLOCK_SKEW: Duration = Duration::minutes(1);

/// Messages that are left where they are, because no backend could do what they ask for.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Hold {
    /// None of them.
    #[default]
    Nothing,
    /// Those that ask for an order to be fulfilled.
    Fulfilment,
}

impl Hold {
    /// Their out binding; none has an empty name.
    pub(super) fn binding(self) -> &'static str {
        match self {
            Self::Nothing => "",
            Self::Fulfilment => FULFILMENT,
        }
    }
}

/// What the statements that take due messages are told, in microseconds.
#[derive(Clone, Copy, Debug)]
pub(super) struct Schedule {
    pub(super) now: i64,
    /// What doubles with each sending.
    pub(super) wait: i64,
    /// What it doubles up to.
    pub(super) longest_wait: i64,
    /// What was written after this time was written by a clock that is ahead.
    pub(super) future: i64,
    /// What a message waits that leaves with the answer to the invocation that made it.
    pub(super) first_wait: i64,
}

impl Schedule {
    /// The one of this time, where a message waits for `deadline` at first.
    pub(super) fn new(now: DateTime<Utc>, deadline: Duration) -> Self {
        let micros = |duration: Duration| duration.num_microseconds().unwrap_or(i64::MAX);
        Self {
            now: now.timestamp_micros(),
            wait: micros(deadline.min(LONGEST_WAIT)),
            longest_wait: micros(LONGEST_WAIT),
            future: future(now),
            first_wait: micros(deadline),
        }
    }
}

/// The time, in microseconds, after which nothing is written unless by a clock that is ahead.
pub(super) fn future(now: DateTime<Utc>) -> i64 {
    (now + CLOCK_SKEW).timestamp_micros()
}
