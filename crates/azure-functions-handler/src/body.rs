//! A request body: unread until a handler asks, and never left standing on the wire.

use std::{
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use axum_core::body::{Body as AxumBody, BodyDataStream};
use bytes::{Bytes, BytesMut};
use futures_util::{Stream, StreamExt};
use http::{HeaderMap, header::EXPECT};
use http_body::Body as _;
use tokio::time::{Instant, timeout, timeout_at};

use crate::limits::{DiscardLimits, Limits};

/// A request body that is still unread.
#[derive(Debug)]
pub enum Body {
    /// Still on the wire.
    Stream {
        /// Its bytes.
        wire: AxumBody,
        /// How long reading them may take; a longer wait holds memory and a place for a sender who may be gone.
        time: Duration,
    },
    /// Delivered in an envelope.
    Whole(Bytes),
    /// The request has no body, or the host lost it on the way.
    Absent,
}

/// Why a body could not be read.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum BodyError {
    /// Longer than the reader's limit.
    #[error("the body is too large: send a shorter one")]
    TooLarge,
    /// The sender stopped in the middle.
    #[error("the body was cut off: send it again")]
    Interrupted,
    /// Not complete in time.
    #[error("the body did not arrive in time: send it again")]
    TooSlow,
}

impl Body {
    /// Reads the whole body; an absent one is empty.
    ///
    /// # Errors
    /// When there are more than `limit` bytes, the sender stops before the end, or the body is not complete in time.
    pub async fn read(self, limit: usize) -> Result<Bytes, BodyError> {
        match self {
            Self::Absent => Ok(Bytes::new()),
            Self::Whole(bytes) if bytes.len() > limit => Err(BodyError::TooLarge),
            Self::Whole(bytes) => Ok(bytes),
            Self::Stream { wire, time } => {
                timeout(time, collect(wire, limit)).await.unwrap_or(Err(BodyError::TooSlow))
            }
        }
    }

    /// As [`read`](Self::read), until this moment at the latest.
    pub(crate) async fn read_by(self, deadline: Instant, limit: usize) -> Result<Bytes, BodyError> {
        timeout_at(deadline, self.read(limit)).await.unwrap_or(Err(BodyError::TooSlow))
    }

    /// The body on its way to a handler.
    pub(crate) fn into_axum_body(self) -> AxumBody {
        match self {
            Self::Stream { wire, .. } => wire,
            Self::Whole(bytes) => AxumBody::from(bytes),
            Self::Absent => AxumBody::empty(),
        }
    }

    /// The body of a request that has just arrived.
    pub(crate) fn incoming(headers: &HeaderMap, wire: AxumBody, limits: Limits) -> Self {
        if wire.is_end_stream() {
            return Self::Absent;
        }
        let time = limits.body_timeout;
        // A caller who expects a 100 may well not send the body after our answer: there is nothing to wait for.
        if headers.contains_key(EXPECT) {
            return Self::Stream { wire, time };
        }
        let incoming = IncomingBody { rest: Some(wire.into_data_stream()), limits: limits.into() };
        Self::Stream { wire: AxumBody::from_stream(incoming), time }
    }
}

async fn collect(wire: AxumBody, limit: usize) -> Result<Bytes, BodyError> {
    let (mut parts, mut bytes) = (wire.into_data_stream(), BytesMut::new());
    while let Some(part) = parts.next().await {
        let part = part.map_err(|_| BodyError::Interrupted)?;
        if bytes.len() + part.len() > limit {
            return Err(BodyError::TooLarge);
        }
        bytes.extend_from_slice(&part);
    }
    Ok(bytes.freeze())
}

/// A body on the wire that is read to its end even when the handler does not want it. A connection that is closed
/// on unread bytes is reset, and a reset can destroy the answer before its caller has read it.
struct IncomingBody {
    rest: Option<BodyDataStream>,
    limits: DiscardLimits,
}

impl Stream for IncomingBody {
    type Item = Result<Bytes, axum_core::Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let Some(rest) = &mut self.rest else { return Poll::Ready(None) };
        let next = rest.poll_next_unpin(context);
        if matches!(next, Poll::Ready(None | Some(Err(_)))) {
            self.rest = None;
        }
        next
    }
}

impl Drop for IncomingBody {
    fn drop(&mut self) {
        if let (Some(rest), Ok(runtime)) = (self.rest.take(), tokio::runtime::Handle::try_current()) {
            runtime.spawn(timeout(self.limits.timeout, discard(rest, self.limits.max_bytes)));
        }
    }
}

async fn discard(mut rest: BodyDataStream, max_bytes: usize) {
    let mut discarded = 0;
    while let Some(Ok(part)) = rest.next().await {
        discarded += part.len();
        if discarded > max_bytes {
            return;
        }
    }
}
