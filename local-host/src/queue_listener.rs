//! Polls a queue, renews leases, invokes, settles, retries, poisons (protocol sheet §5.2).

mod data;

use std::{sync::Arc, time::Duration};

use tokio::task::JoinSet;

use crate::{
    app::{Function, QueueOptions},
    event::{Event, Events},
    invoke::Invoker,
    queues::{Message, Queues, TIME_TO_LIVE},
    stop::Stopping,
};

pub use data::{BadMessage, DataAndMetadata, queue_data};

/// How long a received message is hidden while it is worked on; renewed at half of it.
pub const LEASE: Duration = Duration::from_mins(10);

/// Feeds one function from one queue.
#[derive(Clone, Debug)]
pub(crate) struct QueueListener {
    /// The function that the messages are for.
    pub(crate) function: Arc<Function>,
    /// The queue's name, lower case.
    pub(crate) queue: String,
    /// `extensions.queues` of host.json.
    pub(crate) options: QueueOptions,
    /// The lease of a received message; [`LEASE`] unless a test shortens it.
    pub(crate) lease: Duration,
    /// Where the messages are.
    pub(crate) queues: Queues,
    /// Calls the worker.
    pub(crate) invoker: Invoker,
    /// Learns of poisoned messages.
    pub(crate) events: Events,
}

impl QueueListener {
    /// Receives and invokes until it is told to stop, then waits for the invocations that run.
    ///
    /// The platform polls at growing intervals up to `maxPollingInterval`. Here the queue itself tells when there
    /// is something to receive, so that nothing waits longer than it must.
    pub(crate) async fn run(self, mut stopping: Stopping) {
        let mut running = JoinSet::new();
        let interval = self.options.max_polling_interval.max(SHORTEST_INTERVAL);
        loop {
            let room = running.len() <= self.options.new_batch_threshold;
            if room {
                for message in self.queues.receive(&self.queue, self.options.batch_size, self.lease) {
                    running.spawn(self.clone().process(message));
                }
            }
            let room = running.len() <= self.options.new_batch_threshold;
            tokio::select! {
                () = stopping.wait() => break,
                Some(_) = running.join_next() => {}
                () = self.queues.due(&self.queue, interval), if room => {}
            }
        }
        while running.join_next().await.is_some() {}
    }

    async fn process(self, message: Message) {
        if message.dequeue_count > self.options.max_dequeue_count {
            return self.poison(&message);
        }
        let (data, metadata) = match queue_data(&self.function, &message, self.options.encoding) {
            Ok(shown) => shown,
            Err(fault) => {
                self.events
                    .tell(Event::Mistake { function: self.function.name.clone(), what: fault.to_string() });
                return match fault {
                    BadMessage::Undecodable => self.poison(&message),
                    BadMessage::NotText => self.settle_failed(&message),
                };
            }
        };
        let mut leased = message;
        let mut call = std::pin::pin!(self.invoker.trigger(&self.function, data, metadata));
        let outcome = loop {
            tokio::select! {
                outcome = &mut call => break outcome,
                () = self.half_lease() => self.renew(&mut leased),
            }
        };
        match outcome {
            Ok(_) => self.remove(&leased),
            Err(_) => self.settle_failed(&leased),
        }
    }

    async fn half_lease(&self) {
        let clock = self.queues.clock();
        clock.sleep_until(crate::clock::later(clock.now(), self.lease / 2)).await;
    }

    /// A lease that was lost is somebody else's now; the invocation goes on, as it cannot be called back.
    fn renew(&self, message: &mut Message) {
        match self.queues.update(&self.queue, message.id, &message.pop_receipt, self.lease) {
            Ok(renewed) => *message = renewed,
            Err(error) => tracing::debug!(queue = self.queue, id = %message.id, %error, "lease not renewed"),
        }
    }

    /// Without a poison queue a failed message stays hidden until its lease runs out: no fast endless loop.
    fn settle_failed(&self, message: &Message) {
        if self.poison_queue().is_none() {
            return;
        }
        if message.dequeue_count >= self.options.max_dequeue_count {
            return self.poison(message);
        }
        let delay = self.options.visibility_timeout;
        if let Err(error) = self.queues.update(&self.queue, message.id, &message.pop_receipt, delay) {
            tracing::debug!(queue = self.queue, id = %message.id, %error, "message not released");
        }
    }

    /// The copy is a new message with the same text: own id, no deliveries yet (`queue-poison-*`).
    fn poison(&self, message: &Message) {
        let Some(poison_queue) = self.poison_queue() else { return };
        match self.queues.put_later(&poison_queue, message.text.clone(), Duration::ZERO, Some(TIME_TO_LIVE)) {
            Ok(_) => {
                self.remove(message);
                self.events.tell(Event::Poisoned { queue: self.queue.clone(), id: message.id });
            }
            Err(error) => {
                tracing::warn!(queue = poison_queue, id = %message.id, %error, "message not poisoned");
            }
        }
    }

    fn remove(&self, message: &Message) {
        if let Err(error) = self.queues.delete(&self.queue, message.id, &message.pop_receipt) {
            tracing::debug!(queue = self.queue, id = %message.id, %error, "message not deleted");
        }
    }

    fn poison_queue(&self) -> Option<String> {
        let name = format!("{}{POISON}", self.queue);
        (!self.queue.ends_with(POISON) && name.len() <= LONGEST_NAME).then_some(name)
    }
}

const POISON: &str = "-poison";

/// What a storage account allows for a queue's name.
const LONGEST_NAME: usize = 63;

/// What the platform allows at least for `maxPollingInterval` (protocol sheet §5.1).
const SHORTEST_INTERVAL: Duration = Duration::from_millis(100);
