//! Records a call while it passes.

use bytes::Bytes;
use chrono::{DateTime, Utc};
use http::{Request, Response, request};
use http_body_util::BodyExt as _;
use uuid::Uuid;

use super::{CapturedBody, InvocationMode, Journal, RecordedMessage, capture::Tee};
use crate::{
    body::Body,
    traces::{Origin, TraceParent},
};

/// The record of one call. The recorder is an extension of the request.
#[derive(Clone, Debug)]
pub(crate) struct CallRecorder {
    journal: Journal,
    number: u64,
}

/// A caller who waits for an answer; dropped before it came, the caller has left.
#[derive(Debug)]
pub(crate) struct PendingResponse {
    record: CallRecorder,
    answered: bool,
}

impl CallRecorder {
    /// The record of a new call.
    pub(crate) fn begin(journal: &Journal, now: DateTime<Utc>) -> Self {
        Self { journal: journal.clone(), number: journal.begin(now) }
    }

    /// The record of a call that no list shows.
    pub(crate) fn unlisted(now: DateTime<Utc>) -> Self {
        Self::begin(&Journal::default(), now)
    }

    /// The call's number.
    pub(crate) fn number(&self) -> u64 {
        self.number
    }

    /// Sets the user whose token the console sends.
    pub(crate) fn set_user(&self, name: &str) {
        self.journal.change(self.number, |entry| entry.user = Some(name.to_owned()));
    }

    /// Sets the user whose token was accepted.
    pub(crate) fn set_caller(&self, name: &str) {
        self.journal.change(self.number, |entry| entry.caller = Some(name.to_owned()));
    }

    /// Writes a caller's request down and lets the record travel with it.
    pub(crate) fn record_request(&self, request: Request<Body>) -> (Request<Body>, PendingResponse) {
        let (mut parts, body) = request.into_parts();
        let message = RecordedMessage::request(&parts.method, &parts.uri, &parts.headers);
        let parent = caller(&parts);
        self.journal.change(self.number, |entry| {
            entry.request = Some(message);
            entry.trace = parent.map(|parent| parent.trace.to_string());
            entry.parent = parent;
        });
        parts.extensions.insert(self.clone());
        let body = self.capture(body, |entry| entry.request.as_mut());
        (Request::from_parts(parts, body), PendingResponse { record: self.clone(), answered: false })
    }

    /// Records the id of the invocation that the call has become.
    pub(crate) fn record_invocation(&self, function: &str, id: Uuid, mode: InvocationMode) {
        self.journal.change(self.number, |entry| {
            entry.function = Some(function.to_owned());
            entry.invocation = Some(id);
            entry.mode = Some(mode);
        });
    }

    /// Records what started the invocation.
    pub(crate) fn record_origin(&self, origin: Origin) {
        self.journal.change(self.number, |entry| entry.origin = origin);
    }

    /// Writes down what the worker is sent.
    pub(crate) fn record_worker_request(&self, request: Request<Body>) -> Request<Body> {
        let message = RecordedMessage::request(request.method(), request.uri(), request.headers());
        self.journal.change(self.number, |entry| {
            entry.worker_request = Some(message);
            entry.attempts += 1;
        });
        request.map(|body| self.capture(body, |entry| entry.worker_request.as_mut()))
    }

    /// Writes down what the worker answers.
    pub(crate) fn record_worker_response<B>(&self, answer: Response<B>) -> Response<Body>
    where
        B: hyper::body::Body<Data = Bytes, Error: std::error::Error + Send + Sync + 'static> + Send + 'static,
    {
        let message = RecordedMessage::answer(answer.status(), answer.headers());
        self.journal.change(self.number, |entry| entry.worker_response = Some(message));
        let answer = answer.map(|body| body.map_err(std::io::Error::other).boxed_unsync());
        answer.map(|body| self.capture(body, |entry| entry.worker_response.as_mut()))
    }

    /// A line of `Logs`.
    pub(crate) fn add_log(&self, line: &str) {
        self.journal.change(self.number, |entry| entry.logs.push(line.to_owned()));
    }

    /// Adds why the call failed, or a mistake of the worker.
    pub(crate) fn add_fault(&self, what: &str) {
        self.journal.change(self.number, |entry| entry.faults.push(what.to_owned()));
    }

    fn capture(
        &self,
        body: Body,
        place: impl FnOnce(&mut super::CallRecord) -> Option<&mut RecordedMessage> + Send + Unpin + 'static,
    ) -> Body {
        let record = self.clone();
        let keep = move |captured: CapturedBody| {
            record.journal.change(record.number, |entry| {
                if let Some(message) = place(entry) {
                    message.body = Some(captured);
                }
            });
        };
        Tee::new(body, keep).boxed_unsync()
    }
}

impl PendingResponse {
    /// Writes down what the caller gets, and how long it took.
    pub(crate) fn record_response(mut self, answer: Response<Body>, now: DateTime<Utc>) -> Response<Body> {
        self.answered = true;
        let message = RecordedMessage::answer(answer.status(), answer.headers());
        let status = answer.status().as_u16();
        self.record.journal.change(self.record.number, |entry| {
            entry.answer = Some(message);
            entry.status = Some(status);
            if entry.invocation.is_none() {
                entry.duration = (now - entry.started).to_std().ok();
            }
        });
        answer.map(|body| self.record.capture(body, |entry| entry.answer.as_mut()))
    }
}

impl Drop for PendingResponse {
    fn drop(&mut self) {
        if !self.answered {
            self.record.add_fault("the caller left before there was an answer");
        }
    }
}

/// The span that a caller names in `traceparent`.
fn caller(parts: &request::Parts) -> Option<TraceParent> {
    parts.headers.get("traceparent")?.to_str().ok()?.parse().ok()
}
