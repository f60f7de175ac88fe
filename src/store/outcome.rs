//! What units of work give, other than the orders, products and letters themselves.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::orders::{Action, Order, OrderId, Reason, Status};

/// What a fulfilment message points at.
#[derive(Debug)]
pub enum Pending {
    /// An order that waits to be fulfilled.
    Order(Order),
    /// An order in another state; the message is settled now, without effect.
    Settled,
    /// No such order.
    Unknown,
    /// The id belongs to another message that we sent. Nothing changed, so that the other one still has its effect.
    Reused,
}

/// How the backend decided.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Decision {
    /// It will carry the order out.
    Fulfilled,
    /// It refuses the order for good.
    Rejected,
}

impl Decision {
    /// What it does to a queued order, and where that then stands.
    #[must_use]
    pub fn change(self) -> (Action, Status) {
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
}

/// What became of a message that was given up.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct GivenUp {
    /// Why, as its dead letter says it; none when the letter had been kept before.
    pub kept: Option<Reason>,
    /// Whether its order failed with it.
    pub failed: bool,
}

/// How many unreplayed dead letters are kept, and since when.
#[derive(Clone, Copy, Debug)]
pub struct LetterCeiling {
    /// The newest of so many.
    pub most: u64,
    /// Those alone that were recorded after this.
    pub recorded_after: DateTime<Utc>,
}

impl LetterCeiling {
    /// How many letters are newer than the oldest that is kept for its number.
    pub(super) fn newest_but_one(self) -> i64 {
        i64::try_from(self.most.saturating_sub(1)).unwrap_or(i64::MAX)
    }
}

/// A dead letter that is over the ceiling. Who drops it does not read its message.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ExcessLetter {
    /// Its name.
    pub id: Uuid,
    /// The queue that its message was read from.
    pub queue: String,
    /// Its message's id, where it could be read.
    pub message_id: Option<Uuid>,
    /// The order that it points at, where it could be read.
    pub order_id: Option<OrderId>,
    /// Why it was given up.
    pub reason: Reason,
    /// When it was given up.
    pub recorded_at: DateTime<Utc>,
}

/// How much is under way.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Gauges {
    /// When the oldest open outbox row was made; none when none is open but those from the future and
    /// those on hold.
    pub oldest_open: Option<DateTime<Utc>>,
    /// Outbox rows that are still open.
    pub open_rows: u64,
    /// Those of them that a clock made that is ahead of ours.
    pub open_rows_from_future: u64,
    /// Those of them that are on [`Hold`](super::Hold).
    pub open_rows_on_hold: u64,
    /// Dead letters that were not replayed.
    pub unreplayed_dead_letters: u64,
    /// When the oldest of them was given up.
    pub oldest_dead_letter: Option<DateTime<Utc>>,
    /// Connections that are busy.
    pub pool_in_use: u32,
    /// Connections that there may be.
    pub pool_size: u32,
}
