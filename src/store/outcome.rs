//! Results of units of work, other than orders, products and dead letters.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::orders::{Action, Order, OrderId, Reason, Status};

/// The order of a fulfilment message.
#[derive(Debug)]
pub enum FulfilmentTarget {
    /// The order is queued.
    Queued(Order),
    /// The order has another status; the message is recorded as received.
    NotQueued,
    /// There is no such order.
    NotFound,
    /// The id belongs to another message that we sent. Nothing changed, so that the other one still has its effect.
    IdReused,
}

/// How the backend decided.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Decision {
    /// The backend will fulfil the order.
    Fulfilled,
    /// The backend rejects the order permanently.
    Rejected,
}

impl Decision {
    /// The history's action for this decision, and the status that it gives a queued order.
    #[must_use]
    pub fn transition(self) -> (Action, Status) {
        match self {
            Self::Fulfilled => (Action::Fulfil, Status::Fulfilled),
            Self::Rejected => (Action::Reject, Status::Rejected),
        }
    }
}

/// A message of the outbox that is due.
#[derive(Clone, Debug)]
pub struct DueMessage {
    /// The name of the out binding: `fulfilment` or `incoming`.
    pub binding: String,
    /// The message's bytes.
    pub payload: Vec<u8>,
    /// When its row was written.
    pub created_at: DateTime<Utc>,
}

/// What recording a dead letter changed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct DeadLettered {
    /// The reason that was recorded; none if the dead letter had been recorded before.
    pub recorded: Option<Reason>,
    /// Whether the order of the message became `failed`.
    pub order_failed: bool,
}

/// The limit on unreplayed dead letters.
#[derive(Clone, Copy, Debug)]
pub struct DeadLetterLimit {
    /// How many are stored; the newest stay.
    pub max_count: u64,
    /// Only dead letters recorded after this time are kept.
    pub recorded_after: DateTime<Utc>,
}

impl DeadLetterLimit {
    /// How many dead letters are newer than the oldest that `max_count` keeps.
    pub(super) fn newest_offset(self) -> i64 {
        i64::try_from(self.max_count.saturating_sub(1)).unwrap_or(i64::MAX)
    }
}

/// A dead letter over the ceiling, without its payload.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ExcessDeadLetter {
    /// Its name.
    pub id: Uuid,
    /// The queue that its message was read from.
    pub queue: String,
    /// The message's id, where it could be read.
    pub message_id: Option<Uuid>,
    /// The order that it points at, where it could be read.
    pub order_id: Option<OrderId>,
    /// Why the message was dead-lettered.
    pub reason: Reason,
    /// When the message was dead-lettered.
    pub recorded_at: DateTime<Utc>,
}

/// Counts and ages of what waits in the database.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Gauges {
    /// When the oldest open outbox row was made; none when all open rows are from the future or on hold.
    pub oldest_open: Option<DateTime<Utc>>,
    /// Outbox rows that are still open.
    pub open_rows: u64,
    /// Open rows made by a clock that is ahead of ours.
    pub open_rows_from_future: u64,
    /// Open rows that are on [`Hold`](super::Hold).
    pub open_rows_on_hold: u64,
    /// Dead letters that were not replayed.
    pub unreplayed_dead_letters: u64,
    /// When the oldest unreplayed dead letter was recorded.
    pub oldest_dead_letter: Option<DateTime<Utc>>,
    /// Connections that are busy.
    pub pool_in_use: u32,
    /// Connections that there may be.
    pub pool_size: u32,
}
