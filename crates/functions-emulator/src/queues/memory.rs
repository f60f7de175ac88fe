//! Queues in this process: leases, dequeue counts, time to live. They outlive host instances.

mod message_fault;
mod store;

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::sync::watch;
use uuid::Uuid;

use super::{DEFAULT_TIME_TO_LIVE, Message, QueueCounts, QueueError, check_text};
use crate::clock::Clock;
use store::Store;

pub use message_fault::MessageFault;

/// The queues of one app, held in memory; clones share them.
#[derive(Clone, Debug)]
pub struct MemoryQueues {
    clock: Clock,
    store: Arc<Mutex<Store>>,
    changed: watch::Sender<()>,
}

impl MemoryQueues {
    /// Empty queues that live by a clock; the host's timers and leases follow the same one.
    #[must_use]
    pub fn with_clock(clock: Clock) -> Self {
        Self { clock, store: Arc::default(), changed: watch::Sender::new(()) }
    }

    /// The clock that leases and times to live are measured by.
    #[must_use]
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// Appends a message that is visible at once and stays [`DEFAULT_TIME_TO_LIVE`]; creates the queue where it is
    /// missing. Names are lower-cased.
    ///
    /// # Errors
    /// A text that no queue takes, or the queues are unavailable.
    pub fn put(&self, queue: &str, text: String) -> Result<Uuid, QueueError> {
        self.put_delayed(queue, text, Duration::ZERO, Some(DEFAULT_TIME_TO_LIVE))
    }

    /// Appends a message that shows itself after `delay` and goes by itself after `time_to_live` (none: never;
    /// a storage queue writes −1).
    ///
    /// # Errors
    /// A text that no queue takes, or the queues are unavailable.
    pub fn put_delayed(
        &self,
        queue: &str,
        text: String,
        delay: Duration,
        time_to_live: Option<Duration>,
    ) -> Result<Uuid, QueueError> {
        check_text(&text)?;
        let id = self.store().put(self.clock.now(), &queue.to_lowercase(), text, delay, time_to_live)?;
        self.changed.send_replace(());
        Ok(id)
    }

    /// Takes up to `count` visible messages and hides them for `lease`; none while the queues are unavailable.
    #[must_use]
    pub fn receive(&self, queue: &str, count: usize, lease: Duration) -> Vec<Message> {
        let taken = self.store().receive(self.clock.now(), &queue.to_lowercase(), count, lease);
        if !taken.is_empty() {
            self.changed.send_replace(());
        }
        taken
    }

    /// Hides a received message for `visibility` from now and gives it a new pop receipt: zero releases it, more
    /// renews its lease.
    ///
    /// # Errors
    /// When the pop receipt is not its latest, the message is gone, or the queues are unavailable.
    pub fn update(
        &self,
        queue: &str,
        id: Uuid,
        pop_receipt: &str,
        visibility: Duration,
    ) -> Result<Message, QueueError> {
        let updated =
            self.store().update(self.clock.now(), &queue.to_lowercase(), id, pop_receipt, visibility)?;
        self.changed.send_replace(());
        Ok(updated)
    }

    /// Removes a received message for good.
    ///
    /// # Errors
    /// When the pop receipt is not its latest, the message is gone, or the queues are unavailable.
    pub fn delete(&self, queue: &str, id: Uuid, pop_receipt: &str) -> Result<(), QueueError> {
        self.store().delete(self.clock.now(), &queue.to_lowercase(), id, pop_receipt)?;
        self.changed.send_replace(());
        Ok(())
    }

    /// Removes a message for good, even while it is leased.
    ///
    /// # Errors
    /// The message is gone, or the queues are unavailable.
    pub fn take(&self, queue: &str, id: Uuid) -> Result<Message, QueueError> {
        let taken = self.store().take(self.clock.now(), &queue.to_lowercase(), id)?;
        self.changed.send_replace(());
        Ok(taken)
    }

    /// Injects a fault into the next message of a queue.
    pub fn inject(&self, queue: &str, fault: MessageFault) {
        self.store().faults.add(&queue.to_lowercase(), fault);
    }

    /// Forgets the faults that have reached no message yet.
    pub fn clear_faults(&self) {
        self.store().faults.clear();
    }

    /// Makes the queues unavailable, or available again with all that they held: meanwhile nothing can be put, received,
    /// updated or deleted, as when the storage account does not answer. A look from outside still shows everything.
    pub fn set_unavailable(&self, unavailable: bool) {
        self.store().unavailable = unavailable;
        self.changed.send_replace(());
    }

    /// Whether the queues are [unavailable](Self::set_unavailable).
    #[must_use]
    pub fn is_unavailable(&self) -> bool {
        self.store().unavailable
    }

    /// Every message of a queue, oldest first, hidden ones included, nothing changed.
    #[must_use]
    pub fn peek(&self, queue: &str) -> Vec<Message> {
        self.store().peek(self.clock.now(), &queue.to_lowercase())
    }

    /// How many messages a queue holds now.
    #[must_use]
    pub fn counts(&self, queue: &str) -> QueueCounts {
        let now = self.clock.now();
        let messages = self.peek(queue);
        let visible = messages.iter().filter(|message| message.next_visible_at <= now).count();
        QueueCounts { visible, hidden: messages.len() - visible }
    }

    /// Removes every message of a queue, received ones included.
    pub fn purge(&self, queue: &str) {
        self.store().purge(&queue.to_lowercase());
        self.changed.send_replace(());
    }

    /// The names of the queues that exist, sorted.
    #[must_use]
    pub fn names(&self) -> Vec<String> {
        self.store().names()
    }

    /// Returns as soon as `holds` is true of these queues; looks again after every change of any of them.
    /// It does not notice changes that only the passing of time causes.
    pub async fn wait_until(&self, mut holds: impl FnMut(&Self) -> bool) {
        let mut changed = self.changed.subscribe();
        while !holds(self) {
            if changed.changed().await.is_err() {
                return;
            }
        }
    }

    /// Returns when a receive from `queue` would find something: after a put or a release at once, after a delay
    /// or a lease when the clock says so, but no later than `at_most` from now.
    pub(super) async fn wait_until_due(&self, queue: &str, at_most: Duration) {
        let last = crate::clock::later(self.clock.now(), at_most);
        let mut changed = self.changed.subscribe();
        loop {
            let next = self.store().next_due(self.clock.now(), queue).map_or(last, |at| at.min(last));
            if next <= self.clock.now() {
                return;
            }
            tokio::select! {
                () = self.clock.sleep_until(next) => return,
                seen = changed.changed() => if seen.is_err() { return },
            }
        }
    }

    fn store(&self) -> MutexGuard<'_, Store> {
        self.store.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for MemoryQueues {
    fn default() -> Self {
        Self::with_clock(Clock::system())
    }
}
