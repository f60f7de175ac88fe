//! The messages themselves, each call at a given time.

use std::{collections::BTreeMap, time::Duration};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::message_fault::{MessageFault, POISON_DEQUEUE_COUNT, PendingFaults};
use crate::{
    clock::{NEVER, later},
    ids,
    queues::{Message, QueueError},
};

/// All queues by name; the names are lower case.
#[derive(Debug, Default)]
pub(super) struct Store {
    queues: BTreeMap<String, Vec<Message>>,
    receipts: u64,
    /// What will happen to coming messages.
    pub(super) faults: PendingFaults,
    /// Whether every call on the queues fails.
    pub(super) unavailable: bool,
}

impl Store {
    pub(super) fn put(
        &mut self,
        now: DateTime<Utc>,
        queue: &str,
        text: String,
        delay: Duration,
        time_to_live: Option<Duration>,
    ) -> Result<Uuid, QueueError> {
        self.ensure_available()?;
        let fault = self.faults.take_for_put(queue);
        let late = if let Some(MessageFault::Delayed(late)) = fault { late } else { Duration::ZERO };
        let message = Message {
            id: ids::random(),
            pop_receipt: receipt(&mut self.receipts, now),
            dequeue_count: 0,
            inserted_at: now,
            expires_at: time_to_live.map_or(NEVER, |life| later(now, life)),
            next_visible_at: later(now, delay + late),
            text,
        };
        let id = message.id;
        let messages = self.queues.entry(queue.to_owned()).or_default();
        if fault == Some(MessageFault::Duplicated) {
            let pop_receipt = receipt(&mut self.receipts, now);
            messages.push(Message { id: ids::random(), pop_receipt, ..message.clone() });
        }
        if fault != Some(MessageFault::Lost) {
            messages.push(message);
        }
        Ok(id)
    }

    pub(super) fn receive(
        &mut self,
        now: DateTime<Utc>,
        queue: &str,
        count: usize,
        lease: Duration,
    ) -> Vec<Message> {
        if self.unavailable {
            return Vec::new();
        }
        let Self { queues, receipts, faults, .. } = self;
        let visible =
            unexpired(queues, now, queue).iter_mut().filter(|message| message.next_visible_at <= now);
        let take = |message: &mut Message| {
            message.pop_receipt = receipt(receipts, now);
            let fault = faults.take_for_receive(queue);
            message.dequeue_count = if fault == Some(MessageFault::Poisoned) {
                POISON_DEQUEUE_COUNT
            } else {
                message.dequeue_count + 1
            };
            let lease = if fault == Some(MessageFault::LeaseExpired) { Duration::ZERO } else { lease };
            message.next_visible_at = later(now, lease);
            message.clone()
        };
        visible.take(count).map(take).collect()
    }

    pub(super) fn update(
        &mut self,
        now: DateTime<Utc>,
        queue: &str,
        id: Uuid,
        pop_receipt: &str,
        visibility: Duration,
    ) -> Result<Message, QueueError> {
        self.ensure_available()?;
        let Self { queues, receipts, .. } = self;
        let messages = unexpired(queues, now, queue);
        let found = position(messages, id, pop_receipt)?;
        let message = &mut messages[found];
        message.pop_receipt = receipt(receipts, now);
        message.next_visible_at = later(now, visibility);
        Ok(message.clone())
    }

    pub(super) fn delete(
        &mut self,
        now: DateTime<Utc>,
        queue: &str,
        id: Uuid,
        pop_receipt: &str,
    ) -> Result<(), QueueError> {
        self.ensure_available()?;
        let messages = unexpired(&mut self.queues, now, queue);
        let found = position(messages, id, pop_receipt)?;
        if let Some(messages) = self.queues.get_mut(queue) {
            messages.remove(found);
        }
        Ok(())
    }

    pub(super) fn take(&mut self, now: DateTime<Utc>, queue: &str, id: Uuid) -> Result<Message, QueueError> {
        self.ensure_available()?;
        let messages = unexpired(&mut self.queues, now, queue);
        let found =
            messages.iter().position(|message| message.id == id).ok_or(QueueError::MessageNotFound)?;
        let message = messages[found].clone();
        self.delete(now, queue, id, &message.pop_receipt)?;
        Ok(message)
    }

    pub(super) fn peek(&self, now: DateTime<Utc>, queue: &str) -> Vec<Message> {
        let messages = self.queues.get(queue).into_iter().flatten();
        messages.filter(|message| message.expires_at > now).cloned().collect()
    }

    /// When a receive would find something, as far as it is known; none while the queues are unavailable.
    pub(super) fn next_due(&self, now: DateTime<Utc>, queue: &str) -> Option<DateTime<Utc>> {
        if self.unavailable {
            return None;
        }
        let messages = self.queues.get(queue)?.iter();
        messages.filter(|message| message.expires_at > now).map(|message| message.next_visible_at).min()
    }

    pub(super) fn purge(&mut self, queue: &str) {
        if let Some(messages) = self.queues.get_mut(queue) {
            messages.clear();
        }
    }

    fn ensure_available(&self) -> Result<(), QueueError> {
        if self.unavailable { Err(QueueError::Unavailable) } else { Ok(()) }
    }

    pub(super) fn names(&self) -> Vec<String> {
        self.queues.keys().cloned().collect()
    }
}

/// The messages of a queue that have not expired; the others are dropped.
fn unexpired<'a>(
    queues: &'a mut BTreeMap<String, Vec<Message>>,
    now: DateTime<Utc>,
    queue: &str,
) -> &'a mut [Message] {
    queues.get_mut(queue).map_or(&mut [], |messages| {
        messages.retain(|message| message.expires_at > now);
        messages
    })
}

/// Opaque like the ones of a storage queue, and never the same twice.
fn receipt(counter: &mut u64, now: DateTime<Utc>) -> String {
    *counter += 1;
    STANDARD.encode(format!("{}{counter:06x}", now.format("%d%b%Y%H:%M:%S")))
}

fn position(messages: &[Message], id: Uuid, pop_receipt: &str) -> Result<usize, QueueError> {
    let found = messages.iter().position(|message| message.id == id).ok_or(QueueError::MessageNotFound)?;
    if messages[found].pop_receipt == pop_receipt { Ok(found) } else { Err(QueueError::PopReceiptMismatch) }
}
