//! When the relay sends a message again.

use chrono::{DateTime, Duration, Utc};

use super::bindings::FULFILMENT;

/// The longest wait between two sendings.
const MAX_DELAY: Duration = Duration::hours(1);

/// How far the clocks of two processes may be apart before a row counts as made by a wrong one.
const CLOCK_SKEW: Duration = Duration::minutes(1);

/// Messages that the relay does not send, because there is no backend for them.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Hold {
    /// None of them.
    #[default]
    None,
    /// Outbox rows that ask for an order to be fulfilled.
    Fulfilment,
}

impl Hold {
    /// The output binding of the messages on hold; empty for [`Self::None`], because no binding has an empty name.
    pub(super) fn binding(self) -> &'static str {
        match self {
            Self::None => "",
            Self::Fulfilment => FULFILMENT,
        }
    }
}

/// How much of the outbox one transaction takes.
#[derive(Clone, Copy, Debug)]
pub struct RelayBatch {
    /// The most messages.
    pub max_messages: u32,
    /// No message is taken after the payloads have reached so many bytes.
    pub max_bytes: u32,
    /// Messages that were created before this time are not taken. A later batch of the same relay run does not read the
    /// rows of earlier batches again.
    pub created_from: Option<DateTime<Utc>>,
}

impl RelayBatch {
    /// At most so many messages, of any size and age.
    #[must_use]
    pub const fn up_to(max_messages: u32) -> Self {
        Self { max_messages, max_bytes: u32::MAX, created_from: None }
    }

    /// The earliest `created_at`, in microseconds.
    pub(super) fn created_from_micros(&self) -> i64 {
        self.created_from.map_or(i64::MIN, |at| at.timestamp_micros())
    }
}

/// Parameters of the statements that take due messages, in microseconds.
#[derive(Clone, Copy, Debug)]
pub(super) struct RelaySchedule {
    pub(super) now: i64,
    /// The delay after the first sending; it doubles with each further one.
    pub(super) base_delay: i64,
    /// The longest delay.
    pub(super) max_delay: i64,
    /// A row written after this time was written by a clock that is ahead.
    pub(super) future_cutoff: i64,
    /// The delay of a message whose first sending is the response to the invocation that made it.
    pub(super) first_delay: i64,
}

impl RelaySchedule {
    /// The schedule at `now`, with `deadline` as the first delay.
    pub(super) fn new(now: DateTime<Utc>, deadline: Duration) -> Self {
        let micros = |duration: Duration| duration.num_microseconds().unwrap_or(i64::MAX);
        Self {
            now: now.timestamp_micros(),
            base_delay: micros(deadline.min(MAX_DELAY)),
            max_delay: micros(MAX_DELAY),
            future_cutoff: future_cutoff(now),
            first_delay: micros(deadline),
        }
    }
}

/// The time, in microseconds, after which only a clock that is ahead writes.
pub(super) fn future_cutoff(now: DateTime<Utc>) -> i64 {
    (now + CLOCK_SKEW).timestamp_micros()
}
