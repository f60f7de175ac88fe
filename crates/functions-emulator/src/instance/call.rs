//! HTTP calls under way, so that an instance can wait for their end.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll},
};

use bytes::Bytes;
use hyper::body::{Frame, SizeHint};
use tokio::sync::watch;

use crate::{listener::Body, throttle::Place};

/// How many calls are under way.
#[derive(Debug)]
pub(super) struct Calls(watch::Sender<usize>);

/// A call under way, from its beginning until it is dropped.
#[derive(Debug)]
pub(crate) struct Call {
    calls: watch::Sender<usize>,
    /// Its place among those that may run.
    pub(super) place: Place,
}

impl Calls {
    pub(super) fn new() -> Self {
        Self(watch::Sender::new(0))
    }

    pub(super) fn begin(&self) -> Call {
        self.0.send_modify(|calls| *calls += 1);
        Call { calls: self.0.clone(), place: Place::default() }
    }

    /// Returns when none is under way.
    pub(super) async fn ended(&self) {
        drop(self.0.subscribe().wait_for(|calls| *calls == 0).await);
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        self.calls.send_modify(|calls| *calls -= 1);
    }
}

/// An answer's body that ends its call when it was sent, or given up.
#[derive(Debug)]
pub(super) struct LastOf {
    pub(super) body: Body,
    pub(super) _call: Call,
}

/// Length and end are told as the body tells them: they decide how the answer is framed.
impl hyper::body::Body for LastOf {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use http_body_util::{BodyExt as _, Full};
    use hyper::body::Body as _;

    use super::*;

    #[tokio::test]
    async fn an_answer_keeps_its_length_and_ends_its_call_when_it_goes() {
        let calls = Calls::new();
        let body = Full::new(Bytes::from_static(b"ok")).map_err(|never| match never {}).boxed_unsync();
        let last = LastOf { body, _call: calls.begin() };
        assert_eq!(last.size_hint().exact(), Some(2));
        assert_eq!(*calls.0.borrow(), 1);
        assert_eq!(last.collect().await.unwrap().to_bytes(), "ok");
        calls.ended().await;
    }
}
