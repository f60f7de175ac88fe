//! An invocation as a handler sees it, whichever entrance it came through, and what the handler gives back.

use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};

use crate::{Body, Invocation, RequestSlot};

/// An HTTP call. Everything in it comes from one place: the request itself, or `Data.<trigger>`.
#[derive(Debug)]
pub struct Call {
    /// Which invocation this is.
    pub invocation: Invocation,
    /// The method.
    pub method: Method,
    /// Route parameters by name, percent-decoded once.
    pub params: Vec<(&'static str, String)>,
    /// The query as it was sent, without `?`; empty when there is none.
    pub query: String,
    /// Headers as the caller sent them; repeated ones are repeated here.
    pub headers: HeaderMap,
    /// The body, unread until a handler asks for it.
    pub body: Body,
    /// Its place among the requests that run. Say whose it is before anything that takes time.
    pub slot: Arc<RequestSlot>,
    /// Whether queue outputs of the answer reach their queues. False when a function with queue outputs is
    /// called through the direct entrance.
    pub carries_outputs: bool,
}

impl Call {
    /// A route parameter; empty when the route has none of that name.
    #[must_use]
    pub fn param(&self, name: &str) -> &str {
        self.params.iter().find(|(known, _)| *known == name).map_or("", |(_, value)| value)
    }
}

/// What goes back to an HTTP caller, and messages that leave with it.
#[derive(Clone, Debug)]
pub struct Answer {
    /// 200 to 599, but none of the 3xx.
    pub status: StatusCode,
    /// At most one value a name, plain ASCII; no length and no hop-by-hop header. A body needs a `Content-Type`.
    pub headers: Vec<(HeaderName, HeaderValue)>,
    /// UTF-8 text that is not a bare date (the host would rewrite it).
    pub body: Bytes,
    /// Messages for queue outputs.
    pub outputs: Vec<Output>,
}

/// Messages for one queue output.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Output {
    /// The name of the out binding.
    pub binding: &'static str,
    /// Payloads, one a message.
    pub messages: Vec<Bytes>,
}

/// A queue message.
#[derive(Clone, Debug)]
pub struct Delivery {
    /// Which invocation this is.
    pub invocation: Invocation,
    /// The exact bytes that were put into the queue.
    pub payload: Bytes,
    /// Deliveries so far, as the host counts them; for dead letters and logs only.
    pub dequeue_count: Option<u32>,
}

/// A tick of a timer.
#[derive(Clone, Debug)]
pub struct Tick {
    /// Which invocation this is.
    pub invocation: Invocation,
}

/// The invocation failed for now: the host gives a message back to its queue and waits for a timer's next tick.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("not now: {0}")]
pub struct Retry(pub &'static str);
