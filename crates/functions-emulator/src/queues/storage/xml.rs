//! The XML of messages.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Deserializer, de::Error as _};
use uuid::Uuid;

use crate::queues::Message;

/// The body of a put. A bare carriage return would arrive as a line feed: readers of XML unify ends of lines.
pub(super) fn message(text: &str) -> String {
    let text = quick_xml::escape::escape(text).replace('\r', "&#13;");
    format!("<QueueMessage><MessageText>{text}</MessageText></QueueMessage>")
}

/// Messages as a receive, a put or a peek lists them; members that one of these leaves out are empty.
#[derive(Debug, Deserialize)]
pub(super) struct MessageList<T> {
    #[serde(rename = "QueueMessage", default = "Vec::new")]
    pub(super) messages: Vec<T>,
}

/// What a receive says of a message.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Received {
    message_id: Uuid,
    #[serde(deserialize_with = "time")]
    insertion_time: DateTime<Utc>,
    #[serde(deserialize_with = "time")]
    expiration_time: DateTime<Utc>,
    pop_receipt: String,
    #[serde(deserialize_with = "time")]
    time_next_visible: DateTime<Utc>,
    dequeue_count: u32,
    #[serde(default)]
    message_text: String,
}

/// What a put says of a message.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Put {
    pub(super) message_id: Uuid,
}

/// What a peek says of a message.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Peeked {
    message_id: Uuid,
    #[serde(deserialize_with = "time")]
    insertion_time: DateTime<Utc>,
    #[serde(deserialize_with = "time")]
    expiration_time: DateTime<Utc>,
    dequeue_count: u32,
    #[serde(default)]
    message_text: String,
}

/// A peek shows what is visible, and gives no lease.
impl From<Peeked> for Message {
    fn from(peeked: Peeked) -> Self {
        Self {
            id: peeked.message_id,
            pop_receipt: String::new(),
            dequeue_count: peeked.dequeue_count,
            inserted_at: peeked.insertion_time,
            expires_at: peeked.expiration_time,
            next_visible_at: peeked.insertion_time,
            text: peeked.message_text,
        }
    }
}

impl From<Received> for Message {
    fn from(received: Received) -> Self {
        Self {
            id: received.message_id,
            pop_receipt: received.pop_receipt,
            dequeue_count: received.dequeue_count,
            inserted_at: received.insertion_time,
            expires_at: received.expiration_time,
            next_visible_at: received.time_next_visible,
            text: received.message_text,
        }
    }
}

/// A time as HTTP writes it.
pub(super) fn parse_time(text: &str) -> chrono::ParseResult<DateTime<Utc>> {
    DateTime::parse_from_rfc2822(text).map(|time| time.to_utc())
}

fn time<'de, D: Deserializer<'de>>(from: D) -> Result<DateTime<Utc>, D::Error> {
    parse_time(&String::deserialize(from)?).map_err(D::Error::custom)
}
