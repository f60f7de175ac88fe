//! Messages that cannot be carried out, kept with their reason.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::{Digest, FulfilmentMessage, OrderId, id, words::words};

words! {
    /// Why a message will never be carried out: `docs/reference/api.md#dead-letter-reasons`.
    pub enum Reason {
        /// It is no JSON, or too long.
        Malformed = "malformed",
        /// It is JSON, but not a message of ours.
        Invalid = "invalid",
        /// It points at an order that does not exist.
        UnknownOrder = "unknown-order",
        /// It names an owner of another tenant.
        OtherTenant = "other-tenant",
        /// Its id belongs to a message of other content.
        Reused = "reused",
        /// Every attempt failed, and the host gave it up.
        Poison = "poison",
    }
}

/// A message that was given up, kept with the bytes it had.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct DeadLetter {
    /// Its name; version 7, so that the newest sorts last.
    pub id: Uuid,
    /// The queue that it was read from.
    pub queue: String,
    /// Its message id, where it could be read.
    pub message_id: Option<Uuid>,
    /// The order that it points at, where it could be read.
    pub order_id: Option<OrderId>,
    /// Why it was given up.
    pub reason: Reason,
    /// Deliveries, as the host counted them.
    pub dequeue_count: Option<u32>,
    /// The bytes as they came.
    pub payload: Vec<u8>,
    /// When it was given up.
    pub recorded_at: DateTime<Utc>,
    /// When an administrator had it sent again.
    pub replayed_at: Option<DateTime<Utc>>,
}

impl DeadLetter {
    /// A message of `queue` that is given up at `at`.
    #[must_use]
    pub fn new(queue: &str, payload: &[u8], reason: Reason, at: DateTime<Utc>) -> Self {
        Self {
            id: id::fresh(at),
            queue: queue.to_owned(),
            message_id: None,
            order_id: None,
            reason,
            dequeue_count: None,
            payload: payload.to_vec(),
            recorded_at: at,
            replayed_at: None,
        }
    }

    /// The same, with what its message points at.
    #[must_use]
    pub fn about(self, message: &FulfilmentMessage) -> Self {
        Self { message_id: Some(message.message_id), order_id: Some(message.order_id), ..self }
    }

    /// The same, with the deliveries that the host counted.
    #[must_use]
    pub fn delivered(self, dequeue_count: Option<u32>) -> Self {
        Self { dequeue_count, ..self }
    }

    /// The same, with the id that its message was read to have.
    #[must_use]
    pub fn named(self, message_id: Option<Uuid>) -> Self {
        Self { message_id, ..self }
    }

    /// Its payload's digest: with the queue, what tells one given-up message from another.
    #[must_use]
    pub fn digest(&self) -> Digest {
        Digest::of(&self.payload)
    }
}
