//! Storage queues in memory: leases, dequeue counts, time to live. They outlive host instances.
//! The text of a message is what a storage queue would hold: already encoded.

use std::time::Duration;

use chrono::{DateTime, Utc};
use uuid::Uuid;

/// The queues of one app; clones share them.
#[derive(Clone, Debug, Default)]
pub struct Queues {}

/// A message as it was received: its lease is the pop receipt.
#[derive(Clone, Debug)]
pub struct Message {
    /// The message's id.
    pub id: Uuid,
    /// Changes with every receive and update; an old one is refused.
    pub pop_receipt: String,
    /// Deliveries so far, this one included.
    pub dequeue_count: u32,
    /// When it was put.
    pub inserted_at: DateTime<Utc>,
    /// When it goes by itself.
    pub expires_at: DateTime<Utc>,
    /// When its lease ends.
    pub next_visible_at: DateTime<Utc>,
    /// The text, encoded as it was put.
    pub text: String,
}

impl Queues {
    /// Appends a message; creates the queue where it is missing. Names are lower-cased.
    pub fn put(&self, _queue: &str, _text: String) -> Uuid {
        unimplemented!()
    }

    /// Takes up to `count` visible messages and hides them for `lease`.
    #[must_use]
    pub fn receive(&self, _queue: &str, _count: usize, _lease: Duration) -> Vec<Message> {
        unimplemented!()
    }

    /// Every message of a queue, oldest first, hidden ones included, nothing changed.
    #[must_use]
    pub fn peek(&self, _queue: &str) -> Vec<Message> {
        unimplemented!()
    }
}
