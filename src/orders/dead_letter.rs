//! Messages that cannot be processed, stored with their reason.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::{Digest, FulfilmentMessage, OrderId, id, string_enum::string_enum};

string_enum! {
    /// Why a message will never be processed: `docs/reference/api.md#dead-letter-reasons`.
    pub enum Reason {
        /// The payload is no JSON, or too long.
        Malformed = "malformed",
        /// The payload is JSON, but not a valid message of this queue.
        Invalid = "invalid",
        /// The message names an order that does not exist.
        UnknownOrder = "unknown-order",
        /// The message names an owner of another tenant.
        OtherTenant = "other-tenant",
        /// The message's id belongs to another message with other content.
        Reused = "reused",
        /// Every attempt failed, and the host gave it up.
        Poison = "poison",
    }
}

/// A dead-lettered message, with its bytes.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct DeadLetter {
    /// Its id; version 7, so that the newest sorts last.
    pub id: Uuid,
    /// The queue that it was read from.
    pub queue: String,
    /// The message id in the payload, where it could be read.
    pub message_id: Option<Uuid>,
    /// The order that it points at, where it could be read.
    pub order_id: Option<OrderId>,
    /// Why it was dead-lettered.
    pub reason: Reason,
    /// The dequeue count, as the host reported it.
    pub dequeue_count: Option<u32>,
    /// The bytes as they came.
    pub payload: Vec<u8>,
    /// When it was dead-lettered.
    pub recorded_at: DateTime<Utc>,
    /// When an administrator replayed it.
    pub replayed_at: Option<DateTime<Utc>>,
}

impl DeadLetter {
    /// A message of `queue` that is dead-lettered at `at`.
    #[must_use]
    pub fn new(queue: &str, payload: &[u8], reason: Reason, at: DateTime<Utc>) -> Self {
        Self {
            id: id::new_uuid(at),
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

    /// Sets message id and order id.
    #[must_use]
    pub fn with_message(self, message: &FulfilmentMessage) -> Self {
        Self { message_id: Some(message.message_id), order_id: Some(message.order_id), ..self }
    }

    /// Sets the dequeue count.
    #[must_use]
    pub fn with_dequeue_count(self, dequeue_count: Option<u32>) -> Self {
        Self { dequeue_count, ..self }
    }

    /// Sets the message id.
    #[must_use]
    pub fn with_message_id(self, message_id: Option<Uuid>) -> Self {
        Self { message_id, ..self }
    }

    /// The payload's digest: with the queue, it identifies a dead letter.
    #[must_use]
    pub fn digest(&self) -> Digest {
        Digest::of(&self.payload)
    }
}
