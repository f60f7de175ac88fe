//! Why a queue, or the server that it is at, does not do what it is asked.

use std::error::Error;

use http::{Method, StatusCode};

/// Why a queue refused.
#[derive(Debug, thiserror::Error)]
pub enum QueueError {
    /// The text is longer than [`MAX_MESSAGE_BYTES`](super::MAX_MESSAGE_BYTES).
    #[error(
        "a message must be at most 65,536 bytes of text, this one has {0}: send less, or a reference to the \
        content"
    )]
    TooLarge(usize),
    /// The text holds a character that XML does not carry, and messages travel as XML.
    #[error(
        "U+{:04X} cannot be part of a message, which travels as XML: send the bytes as Base64 text (an output: in an \
         array, or encoded twice)",
        u32::from(*.0)
    )]
    InvalidCharacter(char),
    /// No such message: deleted, expired, or never put.
    #[error("the queue has no such message")]
    MessageNotFound,
    /// Somebody else received or updated the message since.
    #[error("the pop receipt must be the latest of the message: receive it again")]
    PopReceiptMismatch,
    /// The queues in this process are [unavailable](super::MemoryQueues::set_unavailable).
    #[error("the queue server does not answer")]
    Unavailable,
    /// The queue server did not answer, or not as one.
    #[error(transparent)]
    Server(#[from] ServerError),
}

/// The underlying error of a request.
pub(super) type Fault = Box<dyn Error + Send + Sync>;

/// Why a request to a queue server failed.
#[derive(Debug, thiserror::Error)]
pub enum ServerError {
    /// Nothing answers there.
    #[error(
        "the queue server at {endpoint} does not answer: start one there, such as Azurite, or take {setting} out of the \
         settings for queues in this process"
    )]
    Unreachable {
        /// The setting that names it.
        setting: String,
        /// Its URL.
        endpoint: String,
        /// What was seen instead of an answer.
        #[source]
        source: Fault,
    },
    /// It answered with an error that no caller expects.
    #[error("the queue server refused {method} {path} with {status} {code}: check {setting}")]
    Refused {
        /// The setting that names the server.
        setting: String,
        /// The request's method.
        method: Method,
        /// The request's path below the account.
        path: String,
        /// The answer's status.
        status: StatusCode,
        /// The answer's error code, empty where it has none.
        code: String,
    },
    /// It answered, but not as a queue server does.
    #[error("the answer of the queue server at {endpoint} cannot be read: check that it is a queue server")]
    Unreadable {
        /// Its URL.
        endpoint: String,
        /// What could not be read.
        #[source]
        source: Fault,
    },
}
