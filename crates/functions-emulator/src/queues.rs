//! The queues that functions are fed from and send to: in this process, or those of a storage queue server.
//! The text of a message is what a storage queue holds: already encoded.

mod connections;
mod error;
mod memory;
mod message;
mod poll_backoff;
mod storage;

use std::time::Duration;

use uuid::Uuid;

use crate::clock::Clock;

pub use connections::Connections;
pub use error::{QueueError, ServerError};
pub use memory::{MemoryQueues, MessageFault};
pub(crate) use message::check_text;
pub use message::{DEFAULT_TIME_TO_LIVE, MAX_MESSAGE_BYTES, Message, QueueCounts};
pub(crate) use poll_backoff::PollBackoff;
pub use storage::{ConnectionError, ConnectionFault, StorageQueues};

/// The queues of one connection, wherever they are; clones share them. Names are lower-cased, a missing queue is made by
/// the first message put into it and empty until then.
#[derive(Clone, Debug)]
pub enum Queues {
    /// In this process.
    Memory(MemoryQueues),
    /// At a queue server on this machine.
    Storage(Box<StorageQueues>),
}

impl Queues {
    /// The clock of the host that these queues belong to. Leases and times to live are measured by it in this
    /// process, by the server's own at a server.
    #[must_use]
    pub fn clock(&self) -> &Clock {
        match self {
            Self::Memory(queues) => queues.clock(),
            Self::Storage(queues) => queues.clock(),
        }
    }

    /// Appends a message that is visible at once and stays [`DEFAULT_TIME_TO_LIVE`].
    ///
    /// # Errors
    /// A text above [`MAX_MESSAGE_BYTES`] or with a character that XML does not carry, or queues that do not answer.
    pub async fn put(&self, queue: &str, text: String) -> Result<Uuid, QueueError> {
        self.put_delayed(queue, text, Duration::ZERO, Some(DEFAULT_TIME_TO_LIVE)).await
    }

    /// Appends a message that shows itself after `delay` and goes by itself after `time_to_live` (none: never;
    /// a storage queue writes −1). A server counts both in whole seconds, a broken one as the next.
    ///
    /// # Errors
    /// As [`Self::put`].
    pub async fn put_delayed(
        &self,
        queue: &str,
        text: String,
        delay: Duration,
        time_to_live: Option<Duration>,
    ) -> Result<Uuid, QueueError> {
        match self {
            Self::Memory(queues) => queues.put_delayed(queue, text, delay, time_to_live),
            Self::Storage(queues) => queues.put_delayed(queue, text, delay, time_to_live).await,
        }
    }

    /// Takes up to `count` visible messages (32 at most) and hides them for `lease`.
    ///
    /// # Errors
    /// A server that cannot be reached.
    pub async fn receive(
        &self,
        queue: &str,
        count: usize,
        lease: Duration,
    ) -> Result<Vec<Message>, QueueError> {
        match self {
            Self::Memory(queues) => Ok(queues.receive(queue, count, lease)),
            Self::Storage(queues) => queues.receive(queue, count, lease).await,
        }
    }

    /// Hides a received message for `visibility` from now, which renews its pop receipt: zero releases it, more
    /// renews its lease.
    ///
    /// # Errors
    /// When the pop receipt is not its latest, the message is gone, or the queues do not answer; the message
    /// that was handed in is then unchanged.
    pub async fn update(
        &self,
        queue: &str,
        message: &mut Message,
        visibility: Duration,
    ) -> Result<(), QueueError> {
        match self {
            Self::Memory(queues) => {
                *message = queues.update(queue, message.id, &message.pop_receipt, visibility)?;
                Ok(())
            }
            Self::Storage(queues) => queues.update(queue, message, visibility).await,
        }
    }

    /// Removes a received message for good.
    ///
    /// # Errors
    /// When the pop receipt is not its latest, the message is gone, or the queues do not answer.
    pub async fn delete(&self, queue: &str, message: &Message) -> Result<(), QueueError> {
        match self {
            Self::Memory(queues) => queues.delete(queue, message.id, &message.pop_receipt),
            Self::Storage(queues) => queues.delete(queue, message).await,
        }
    }

    /// The texts of the visible messages, the first 32, nothing changed.
    ///
    /// # Errors
    /// A server that cannot be reached.
    pub async fn peek(&self, queue: &str) -> Result<Vec<String>, QueueError> {
        match self {
            Self::Memory(queues) => {
                let now = queues.clock().now();
                let visible = queues.peek(queue).into_iter().filter(|message| message.next_visible_at <= now);
                Ok(visible.take(storage::MAX_BATCH).map(|message| message.text).collect())
            }
            Self::Storage(queues) => queues.peek(queue).await,
        }
    }

    /// The messages of a queue, nothing changed: in this process all of them, of a server those that are visible, the
    /// first 32, without their pop receipts.
    ///
    /// # Errors
    /// A server that cannot be reached.
    pub async fn peek_messages(&self, queue: &str) -> Result<Vec<Message>, QueueError> {
        match self {
            Self::Memory(queues) => Ok(queues.peek(queue)),
            Self::Storage(queues) => queues.peek_messages(queue).await,
        }
    }

    /// Removes a message even while it is leased; at a server only one that is visible, and others of the queue are
    /// received and released meanwhile, which counts as a delivery.
    ///
    /// # Errors
    /// No such message, or queues that do not answer.
    pub async fn take(&self, queue: &str, id: Uuid) -> Result<Message, QueueError> {
        match self {
            Self::Memory(queues) => queues.take(queue, id),
            Self::Storage(queues) => queues.take(queue, id).await,
        }
    }

    /// How many messages a queue holds now.
    ///
    /// # Errors
    /// A server that cannot be reached.
    pub async fn counts(&self, queue: &str) -> Result<QueueCounts, QueueError> {
        match self {
            Self::Memory(queues) => Ok(queues.counts(queue)),
            Self::Storage(queues) => queues.counts(queue).await,
        }
    }

    /// Removes every message of a queue, received ones included.
    ///
    /// # Errors
    /// A server that cannot be reached.
    pub async fn purge(&self, queue: &str) -> Result<(), QueueError> {
        match self {
            Self::Memory(queues) => {
                queues.purge(queue);
                Ok(())
            }
            Self::Storage(queues) => queues.purge(queue).await,
        }
    }

    /// Returns when it is time to receive from `queue`. The queues in memory notify when there is something. A server
    /// does not: it is asked after growing delays, and at once when something was put through these queues.
    pub(crate) async fn wait_until_due(&self, queue: &str, backoff: &mut PollBackoff) {
        match self {
            Self::Memory(queues) => queues.wait_until_due(queue, backoff.max_delay()).await,
            Self::Storage(queues) => queues.wait_until_due(queue, backoff).await,
        }
    }
}

impl Default for Queues {
    fn default() -> Self {
        Self::Memory(MemoryQueues::default())
    }
}

impl From<MemoryQueues> for Queues {
    fn from(queues: MemoryQueues) -> Self {
        Self::Memory(queues)
    }
}
