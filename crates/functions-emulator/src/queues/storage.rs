//! Queues of a storage queue server on this machine, through the Queue service REST API with Shared Key.

mod put_notifier;
mod client;
mod connection;
mod request;
mod xml;

use std::time::Duration;

use bytes::Bytes;
use http::{Method, StatusCode};
use serde::de::DeserializeOwned;
use uuid::Uuid;

use super::{Message, PollBackoff, QueueCounts, QueueError, check_text};
use crate::{clock::Clock, events::Events};
use client::{Client, StorageResponse};
use put_notifier::PutNotifier;
use request::StorageRequest;

pub(super) use connection::Account;
pub use connection::{ConnectionError, ConnectionFault};

/// Messages that a server hands out or shows at once.
pub(super) const MAX_BATCH: usize = 32;

/// How long messages are hidden while one of them is looked for.
const SEARCH_LEASE: Duration = Duration::from_secs(30);

/// The shortest lease and life of a message.
const SECOND: Duration = Duration::from_secs(1);

/// The queues of one storage account; clones share its connections.
#[derive(Clone, Debug)]
pub struct StorageQueues {
    client: Client,
    put_notifier: PutNotifier,
}

impl StorageQueues {
    /// The queues of an account. Nothing is sent yet: the server may start later.
    pub(super) fn new(account: Account, clock: Clock, events: Events) -> Self {
        Self { client: Client::new(account, clock, events), put_notifier: PutNotifier::default() }
    }

    pub(super) fn clock(&self) -> &Clock {
        self.client.clock()
    }

    pub(super) async fn put_delayed(
        &self,
        queue: &str,
        text: String,
        delay: Duration,
        time_to_live: Option<Duration>,
    ) -> Result<Uuid, QueueError> {
        check_text(&text)?;
        let queue = queue.to_lowercase();
        let life = time_to_live.map_or("-1".to_owned(), |life| seconds(life.max(SECOND)));
        let mut request = StorageRequest::new(Method::POST, messages(&queue)).with("messagettl", life);
        if !delay.is_zero() {
            request = request.with("visibilitytimeout", seconds(delay));
        }
        request.body = Bytes::from(xml::message(&text));
        let mut answer = self.client.send(&request).await?;
        if is_missing_queue(&answer) {
            self.create(&queue).await?;
            answer = self.client.send(&request).await?;
        }
        if answer.status == StatusCode::PAYLOAD_TOO_LARGE || answer.code() == "MessageTooLarge" {
            return Err(QueueError::TooLarge(text.len()));
        }
        let put: Vec<xml::Put> = self.parse_messages(&request, &answer, StatusCode::CREATED)?;
        let put = put.first().ok_or_else(|| self.client.unreadable("it names no message that was put"))?;
        self.put_notifier.at(&queue).notify_one();
        Ok(put.message_id)
    }

    pub(super) async fn receive(
        &self,
        queue: &str,
        count: usize,
        lease: Duration,
    ) -> Result<Vec<Message>, QueueError> {
        let request = StorageRequest::new(Method::GET, messages(&queue.to_lowercase()))
            .with("numofmessages", count.clamp(1, MAX_BATCH).to_string())
            .with("visibilitytimeout", seconds(lease.max(SECOND)));
        let received: Vec<xml::Received> = self.list_messages(&request).await?;
        Ok(received.into_iter().map(Message::from).collect())
    }

    pub(super) async fn update(
        &self,
        queue: &str,
        message: &mut Message,
        visibility: Duration,
    ) -> Result<(), QueueError> {
        let queue = queue.to_lowercase();
        let request = StorageRequest::new(Method::PUT, one(&queue, message))
            .with("popreceipt", message.pop_receipt.as_str())
            .with("visibilitytimeout", seconds(visibility));
        let answer = self.send_for_message(&request).await?;
        let next_visible_at = xml::parse_time(answer.header("x-ms-time-next-visible"))
            .map_err(|fault| self.client.unreadable(fault))?;
        answer.header("x-ms-popreceipt").clone_into(&mut message.pop_receipt);
        message.next_visible_at = next_visible_at;
        if visibility.is_zero() {
            self.put_notifier.at(&queue).notify_one();
        }
        Ok(())
    }

    pub(super) async fn delete(&self, queue: &str, message: &Message) -> Result<(), QueueError> {
        let request = StorageRequest::new(Method::DELETE, one(&queue.to_lowercase(), message))
            .with("popreceipt", message.pop_receipt.as_str());
        self.send_for_message(&request).await?;
        Ok(())
    }

    /// Receives until it finds the message; what else it received meanwhile is released.
    pub(super) async fn take(&self, queue: &str, id: Uuid) -> Result<Message, QueueError> {
        let mut others = Vec::new();
        let outcome = loop {
            let received = self.receive(queue, MAX_BATCH, SEARCH_LEASE).await?;
            if received.is_empty() {
                break Err(QueueError::MessageNotFound);
            }
            let (found, more): (Vec<_>, Vec<_>) = received.into_iter().partition(|message| message.id == id);
            others.extend(more);
            if let Some(found) = found.into_iter().next() {
                break self.delete(queue, &found).await.map(|()| found);
            }
        };
        for mut other in others {
            self.update(queue, &mut other, Duration::ZERO).await?;
        }
        outcome
    }

    pub(super) async fn peek_messages(&self, queue: &str) -> Result<Vec<Message>, QueueError> {
        let request = StorageRequest::new(Method::GET, messages(&queue.to_lowercase()))
            .with("peekonly", "true")
            .with("numofmessages", MAX_BATCH.to_string());
        let peeked: Vec<xml::Peeked> = self.list_messages(&request).await?;
        Ok(peeked.into_iter().map(Message::from).collect())
    }

    pub(super) async fn peek(&self, queue: &str) -> Result<Vec<String>, QueueError> {
        Ok(self.peek_messages(queue).await?.into_iter().map(|message| message.text).collect())
    }

    pub(super) async fn counts(&self, queue: &str) -> Result<QueueCounts, QueueError> {
        // Looked at first, it drops what has expired, which the total would still count.
        let visible = self.peek(queue).await?.len();
        let request =
            StorageRequest::new(Method::GET, format!("/{}", queue.to_lowercase())).with("comp", "metadata");
        let answer = self.client.send(&request).await?;
        if is_missing_queue(&answer) {
            return Ok(QueueCounts::default());
        }
        if answer.status != StatusCode::OK {
            return Err(self.client.refused(&request, &answer).into());
        }
        let total = answer.header("x-ms-approximate-messages-count").parse::<usize>();
        let total = total.map_err(|fault| self.client.unreadable(fault))?;
        Ok(QueueCounts { visible, hidden: total.saturating_sub(visible) })
    }

    pub(super) async fn purge(&self, queue: &str) -> Result<(), QueueError> {
        let request = StorageRequest::new(Method::DELETE, messages(&queue.to_lowercase()));
        let answer = self.client.send(&request).await?;
        if is_missing_queue(&answer) || answer.status == StatusCode::NO_CONTENT {
            return Ok(());
        }
        Err(self.client.refused(&request, &answer).into())
    }

    /// Waits out the next pause, or until something is put into `queue` through these queues.
    pub(super) async fn wait_until_due(&self, queue: &str, backoff: &mut PollBackoff) {
        let notify = self.put_notifier.at(queue);
        tokio::select! {
            () = notify.notified() => backoff.reset(),
            () = tokio::time::sleep(backoff.next_delay()) => {}
        }
    }

    /// Makes a queue. Creates a queue; that the queue exists already is no error, because two senders may be first.
    async fn create(&self, queue: &str) -> Result<(), QueueError> {
        let request = StorageRequest::new(Method::PUT, format!("/{queue}"));
        let answer = self.client.send(&request).await?;
        if matches!(answer.status, StatusCode::CREATED | StatusCode::NO_CONTENT)
            || answer.code() == "QueueAlreadyExists"
        {
            return Ok(());
        }
        Err(self.client.refused(&request, &answer).into())
    }

    /// Sends what settles or renews one message.
    async fn send_for_message(&self, request: &StorageRequest) -> Result<StorageResponse, QueueError> {
        let answer = self.client.send(request).await?;
        match (answer.status, answer.code()) {
            (StatusCode::NO_CONTENT, _) => Ok(answer),
            (StatusCode::NOT_FOUND, _) => Err(QueueError::MessageNotFound),
            (_, "PopReceiptMismatch") => Err(QueueError::PopReceiptMismatch),
            _ => Err(self.client.refused(request, &answer).into()),
        }
    }

    /// The messages of an answer; none when there is no such queue.
    async fn list_messages<T: DeserializeOwned>(
        &self,
        request: &StorageRequest,
    ) -> Result<Vec<T>, QueueError> {
        let answer = self.client.send(request).await?;
        if is_missing_queue(&answer) {
            Ok(Vec::new())
        } else {
            self.parse_messages(request, &answer, StatusCode::OK)
        }
    }

    fn parse_messages<T: DeserializeOwned>(
        &self,
        request: &StorageRequest,
        answer: &StorageResponse,
        expected: StatusCode,
    ) -> Result<Vec<T>, QueueError> {
        if answer.status != expected {
            return Err(self.client.refused(request, answer).into());
        }
        let text = std::str::from_utf8(&answer.body).map_err(|fault| self.client.unreadable(fault))?;
        let list: xml::MessageList<T> =
            quick_xml::de::from_str(text).map_err(|fault| self.client.unreadable(fault))?;
        Ok(list.messages)
    }
}

fn messages(queue: &str) -> String {
    format!("/{queue}/messages")
}

fn one(queue: &str, message: &Message) -> String {
    format!("/{queue}/messages/{}", message.id)
}

/// Whole seconds, a broken one counted as the next.
fn seconds(time: Duration) -> String {
    (time.as_secs() + u64::from(time.subsec_nanos() > 0)).to_string()
}

fn is_missing_queue(answer: &StorageResponse) -> bool {
    answer.status == StatusCode::NOT_FOUND && answer.code() == "QueueNotFound"
}

#[cfg(test)]
mod tests {
    use test_servers::azurite::Azurite;
    use tokio::time::timeout;

    use super::*;

    /// A back-off longer than any test waits.
    fn long() -> PollBackoff {
        let mut backoff = PollBackoff::with_max(Duration::from_hours(1));
        (0..100).for_each(|_| backoff.record_empty_poll());
        backoff
    }

    async fn woken(queues: &StorageQueues, queue: &str) -> bool {
        let mut backoff = long();
        let due = timeout(Duration::from_millis(100), queues.wait_until_due(queue, &mut backoff)).await;
        assert!(due.is_err() || backoff.next_delay().is_zero(), "the next look follows at once");
        due.is_ok()
    }

    #[tokio::test]
    async fn what_is_put_or_released_here_ends_the_pause_of_its_queue() {
        let account = Azurite::shared().unwrap().account();
        let account = Account::from_connection_string("WorkQueues", &account).unwrap();
        let queues = StorageQueues::new(account, Clock::system(), Events::new());
        assert!(!woken(&queues, "jobs").await);
        queues.put_delayed("Jobs", "one".to_owned(), Duration::ZERO, None).await.unwrap();
        assert!(!woken(&queues, "others").await);
        assert!(woken(&queues, "jobs").await);
        assert!(!woken(&queues, "jobs").await);
        let mut message = queues.receive("jobs", 1, Duration::from_mins(1)).await.unwrap().remove(0);
        queues.update("Jobs", &mut message, Duration::from_mins(1)).await.unwrap();
        assert!(!woken(&queues, "jobs").await);
        queues.update("Jobs", &mut message, Duration::ZERO).await.unwrap();
        assert!(woken(&queues, "jobs").await);
    }
}
