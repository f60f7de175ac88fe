//! HTTP calls under way, so that an instance can wait for their end.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll},
};

use bytes::Bytes;
use hyper::body::{Frame, SizeHint};
use tokio::sync::watch;

use crate::{listener::Body, throttle::ThrottlePermit};

/// How many calls are under way.
#[derive(Debug)]
pub(super) struct InFlightCalls(watch::Sender<usize>);

/// A call under way, from its beginning until it is dropped.
#[derive(Debug)]
pub(crate) struct InFlightCall {
    calls: watch::Sender<usize>,
    /// Its permit among those that may run.
    pub(super) permit: ThrottlePermit,
}

impl InFlightCalls {
    pub(super) fn new() -> Self {
        Self(watch::Sender::new(0))
    }

    pub(super) fn begin(&self) -> InFlightCall {
        self.0.send_modify(|calls| *calls += 1);
        InFlightCall { calls: self.0.clone(), permit: ThrottlePermit::default() }
    }

    /// Returns when none is under way.
    pub(super) async fn all_ended(&self) {
        drop(self.0.subscribe().wait_for(|calls| *calls == 0).await);
    }
}

impl Drop for InFlightCall {
    fn drop(&mut self) {
        self.calls.send_modify(|calls| *calls -= 1);
    }
}

/// A response body that ends its call when it was sent or dropped.
#[derive(Debug)]
pub(super) struct CountedBody {
    pub(super) body: Body,
    pub(super) _call: InFlightCall,
}

/// Length and end are those of the body: they decide how the response is framed.
impl hyper::body::Body for CountedBody {
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
        let calls = InFlightCalls::new();
        let body = Full::new(Bytes::from_static(b"ok")).map_err(|never| match never {}).boxed_unsync();
        let last = CountedBody { body, _call: calls.begin() };
        assert_eq!(last.size_hint().exact(), Some(2));
        assert_eq!(*calls.0.borrow(), 1);
        assert_eq!(last.collect().await.unwrap().to_bytes(), "ok");
        calls.all_ended().await;
    }
}
