//! Polls a queue, renews leases, invokes, settles, retries, poisons.

// The host: docs/reference/host-protocol.md#life-of-a-message and docs/reference/host-protocol.md#poison-queues.

mod data;

use std::{pin::pin, sync::Arc, time::Duration};

use tokio::task::JoinSet;

use crate::{
    app::{Function, QueueOptions},
    cancellation::CancellationToken,
    event::Event,
    events::Events,
    invoke::Invoker,
    queues::{Message, PollBackoff, Queues},
    traces::Origin,
};

pub use data::{DataAndMetadata, InvalidMessage, queue_data};

/// How long a received message is hidden while it is worked on; renewed at half of it.
pub const MESSAGE_LEASE: Duration = Duration::from_mins(10);

/// Feeds one function from one queue.
#[derive(Clone, Debug)]
pub(crate) struct QueueListener {
    /// The function that the messages are for.
    pub(crate) function: Arc<Function>,
    /// The queue's name, lower case.
    pub(crate) queue: String,
    /// `extensions.queues` of host.json.
    pub(crate) options: QueueOptions,
    /// The lease of a received message; [`MESSAGE_LEASE`] unless a test shortens it.
    pub(crate) lease: Duration,
    /// Where the messages are.
    pub(crate) queues: Queues,
    /// Calls the worker.
    pub(crate) invoker: Invoker,
    /// Learns of poisoned messages.
    pub(crate) events: Events,
}

impl QueueListener {
    /// Receives and invokes until it is stopped, then waits for the invocations that run.
    pub(crate) async fn run(self, mut cancellation: CancellationToken) {
        let mut running = JoinSet::new();
        let mut backoff = PollBackoff::with_max(self.options.max_polling_interval);
        loop {
            let room = running.len() <= self.options.new_batch_threshold;
            if room {
                self.fetch(&mut running, &mut backoff).await;
            }
            let mut due = pin!(self.queues.wait_until_due(&self.queue, &mut backoff));
            loop {
                let room = running.len() <= self.options.new_batch_threshold;
                tokio::select! {
                    () = cancellation.cancelled() => return ended(running).await,
                    Some(_) = running.join_next() => {}
                    () = due.as_mut(), if room => break,
                }
            }
        }
    }

    /// An unavailable server has reported itself; it is asked again like a queue that is empty.
    async fn fetch(&self, running: &mut JoinSet<()>, backoff: &mut PollBackoff) {
        let received = self.queues.receive(&self.queue, self.options.batch_size, self.lease).await;
        let received = received.unwrap_or_else(|error| {
            tracing::debug!(queue = self.queue, %error, "nothing received");
            Vec::new()
        });
        if received.is_empty() {
            backoff.record_empty_poll();
        } else {
            backoff.reset();
        }
        for message in received {
            running.spawn(self.clone().process(message));
        }
    }

    async fn process(self, message: Message) {
        if message.dequeue_count > self.options.max_dequeue_count {
            return self.poison(&message).await;
        }
        let (data, metadata) = match queue_data(&self.function, &message, self.options.encoding) {
            Ok(shown) => shown,
            Err(fault) => {
                self.events.publish(Event::ProtocolViolation {
                    function: self.function.name.clone(),
                    what: fault.to_string(),
                });
                return self.poison(&message).await;
            }
        };
        let record = self.invoker.begin_record();
        record.record_origin(Origin::Message {
            queue: self.queue.clone(),
            id: message.id,
            inserted_at: message.inserted_at,
            dequeue_count: message.dequeue_count,
        });
        let mut leased = message;
        let mut call = std::pin::pin!(self.invoker.trigger_recorded(&self.function, data, metadata, &record));
        let outcome = loop {
            tokio::select! {
                outcome = &mut call => break outcome,
                () = self.half_lease() => self.renew(&mut leased).await,
            }
        };
        match outcome {
            Ok(_) => self.remove(&leased).await,
            Err(_) => self.settle_failed(leased).await,
        }
    }

    async fn half_lease(&self) {
        let clock = self.queues.clock();
        clock.sleep_until(crate::clock::later(clock.now(), self.lease / 2)).await;
    }

    /// If the lease was lost, another receiver has the message; the invocation continues, because it cannot be
    /// cancelled.
    async fn renew(&self, message: &mut Message) {
        if let Err(error) = self.queues.update(&self.queue, message, self.lease).await {
            tracing::debug!(queue = self.queue, id = %message.id, %error, "lease not renewed");
        }
    }

    /// Without a poison queue a failed message stays hidden until its lease runs out: no fast endless loop.
    async fn settle_failed(&self, mut message: Message) {
        if self.poison_queue().is_none() {
            return;
        }
        if message.dequeue_count >= self.options.max_dequeue_count {
            return self.poison(&message).await;
        }
        let delay = self.options.visibility_timeout;
        if let Err(error) = self.queues.update(&self.queue, &mut message, delay).await {
            tracing::debug!(queue = self.queue, id = %message.id, %error, "message not released");
        }
    }

    /// The copy is a new message with the same text: own id, no deliveries yet (`queue-poison-*`).
    async fn poison(&self, message: &Message) {
        let Some(poison_queue) = self.poison_queue() else { return };
        match self.queues.put(&poison_queue, message.text.clone()).await {
            Ok(_) => {
                self.remove(message).await;
                self.events.publish(Event::Poisoned { queue: self.queue.clone(), id: message.id });
            }
            Err(error) => {
                tracing::warn!(queue = poison_queue, id = %message.id, %error, "message not poisoned");
            }
        }
    }

    async fn remove(&self, message: &Message) {
        if let Err(error) = self.queues.delete(&self.queue, message).await {
            tracing::debug!(queue = self.queue, id = %message.id, %error, "message not deleted");
        }
    }

    fn poison_queue(&self) -> Option<String> {
        let name = format!("{}{POISON}", self.queue);
        (!self.queue.ends_with(POISON) && name.len() <= MAX_NAME_LENGTH).then_some(name)
    }
}

async fn ended(mut running: JoinSet<()>) {
    while running.join_next().await.is_some() {}
}

const POISON: &str = "-poison";

/// What a storage account allows for a queue's name.
const MAX_NAME_LENGTH: usize = 63;
