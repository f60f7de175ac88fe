//! Messages, and what a queue takes.

use std::time::Duration;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::error::QueueError;

/// Bytes of text that a storage queue takes in one message.
pub const MAX_MESSAGE_BYTES: usize = 64 * 1024;

/// How long a message stays when nothing else is said: seven days, as in a storage queue.
pub const DEFAULT_TIME_TO_LIVE: Duration = Duration::from_hours(7 * 24);

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
    /// When it goes by itself; the last second of the year 9999 for one that stays.
    pub expires_at: DateTime<Utc>,
    /// When its lease ends.
    pub next_visible_at: DateTime<Utc>,
    /// The text, encoded as it was put.
    pub text: String,
}

/// How many messages a queue holds.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct QueueCounts {
    /// Messages that a receive would return now; a queue server returns no more than 32.
    pub visible: usize,
    /// Messages under a lease or a delay.
    pub hidden: usize,
}

/// Refuses a text that no storage queue takes, whatever server it is at: too long, or with a character that XML 1.0
/// does not carry. The real host was seen to fail such an output (Storage.Queues 5.3.10).
pub(crate) fn check_text(text: &str) -> Result<(), QueueError> {
    let is_carried = |char: char| !matches!(char, '\0'..='\u{8}' | '\u{b}' | '\u{c}' | '\u{e}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}');
    match text.chars().find(|char| !is_carried(*char)) {
        Some(char) => Err(QueueError::InvalidCharacter(char)),
        None if text.len() > MAX_MESSAGE_BYTES => Err(QueueError::TooLarge(text.len())),
        None => Ok(()),
    }
}
