//! A body that is watched until its end: by a deadline, and by those that want to know when it ended.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use hyper::body::{Body as HttpBody, Frame, SizeHint};
use tokio::time::{Instant, Sleep, sleep_until};

use crate::body::Body;

/// How a body ended.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum BodyEnd {
    /// The body was read to its end, broke off, or the reader left.
    Over,
    /// The deadline came first.
    TimedOut,
}

/// The body; `on_end` is called once.
pub(super) struct DeadlineBody<F: FnOnce(BodyEnd)> {
    body: Body,
    deadline: Pin<Box<Sleep>>,
    on_end: Option<F>,
}

impl<F: FnOnce(BodyEnd)> DeadlineBody<F> {
    pub(super) fn new(body: Body, deadline: Instant, on_end: F) -> Self {
        Self { body, deadline: Box::pin(sleep_until(deadline)), on_end: Some(on_end) }
    }

    fn finish(&mut self, end: BodyEnd) {
        if let Some(on_end) = self.on_end.take() {
            on_end(end);
        }
    }
}

impl<F: FnOnce(BodyEnd) + Unpin> HttpBody for DeadlineBody<F> {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        if self.deadline.as_mut().poll(context).is_ready() {
            self.finish(BodyEnd::TimedOut);
            return Poll::Ready(Some(Err(io::ErrorKind::TimedOut.into())));
        }
        Poll::Ready(ready!(Pin::new(&mut self.body).poll_frame(context)))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl<F: FnOnce(BodyEnd)> Drop for DeadlineBody<F> {
    fn drop(&mut self) {
        self.finish(BodyEnd::Over);
    }
}
