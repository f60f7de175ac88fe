//! One recorded call.

use std::time::Duration;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::RecordedMessage;
use crate::traces::{Invocation, Origin, TraceParent};

/// What a browser asks for of its own accord, beside a page that it shows.
const BROWSERS_OWN: [&str; 4] = [
    "/favicon.ico",
    "/apple-touch-icon.png",
    "/apple-touch-icon-precomposed.png",
    "/.well-known/appspecific/com.chrome.devtools.json",
];

/// How a call reaches the worker.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum InvocationMode {
    /// The request itself.
    Proxied,
    /// A copy of the request.
    Forwarded,
    /// `{Data, Metadata}`.
    Enveloped,
}

/// One call: the messages between the caller, the host and the worker.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CallRecord {
    /// Its number since the start, from 1 on.
    pub(crate) number: u64,
    /// The invocation's id; none for a call that reached no function.
    pub(crate) invocation: Option<Uuid>,
    /// The function's name.
    pub(crate) function: Option<String>,
    /// How it reached the worker.
    pub(crate) mode: Option<InvocationMode>,
    /// The user whose token the console sent.
    pub(crate) user: Option<String>,
    /// The user whose token EasyAuth accepted, from the console or from elsewhere.
    pub(crate) caller: Option<String>,
    /// When it began.
    pub(crate) started: DateTime<Utc>,
    /// How long it took; none while it runs.
    #[serde(serialize_with = "milliseconds")]
    pub(crate) duration: Option<Duration>,
    /// For HTTP what the caller saw, else 200 or 500.
    pub(crate) status: Option<u16>,
    /// Whether the invocation succeeded; none while it runs, and for a call that reached no function.
    pub(crate) succeeded: Option<bool>,
    /// The trace id, from the caller's `traceparent` or from what the worker logged.
    pub(crate) trace: Option<String>,
    /// The span that its caller named.
    #[serde(skip)]
    pub(super) parent: Option<TraceParent>,
    /// What started the invocation.
    #[serde(skip)]
    pub(super) origin: Origin,
    /// The caller's request; none for messages and timers.
    pub(crate) request: Option<RecordedMessage>,
    /// The last request to the worker.
    pub(crate) worker_request: Option<RecordedMessage>,
    /// How often it was sent: the host repeats a request without an answer.
    pub(crate) attempts: u32,
    /// What the worker answered.
    pub(crate) worker_response: Option<RecordedMessage>,
    /// What the caller got.
    pub(crate) answer: Option<RecordedMessage>,
    /// `Logs` of the answer, and lines that the worker printed with the invocation's id in them.
    pub(crate) logs: Vec<String>,
    /// Why the call failed, and what the worker did wrong.
    pub(crate) faults: Vec<String>,
}

/// A call in the list of calls.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CallSummary {
    number: u64,
    invocation: Option<Uuid>,
    function: Option<String>,
    mode: Option<InvocationMode>,
    user: Option<String>,
    caller: Option<String>,
    started: DateTime<Utc>,
    #[serde(serialize_with = "milliseconds")]
    duration: Option<Duration>,
    status: Option<u16>,
    succeeded: Option<bool>,
    trace: Option<String>,
    /// `POST /path`; none for messages and ticks.
    head: Option<String>,
}

impl CallRecord {
    pub(super) fn new(number: u64, started: DateTime<Utc>) -> Self {
        Self {
            number,
            invocation: None,
            function: None,
            mode: None,
            user: None,
            caller: None,
            started,
            duration: None,
            status: None,
            succeeded: None,
            trace: None,
            parent: None,
            origin: Origin::Other,
            request: None,
            worker_request: None,
            attempts: 0,
            worker_response: None,
            answer: None,
            logs: Vec::new(),
            faults: Vec::new(),
        }
    }

    /// Whether a browser that shows the console sent it of its own accord, and no function took it.
    pub(super) fn is_browsers_own(&self) -> bool {
        let path = self.request.as_ref().and_then(|request| request.head.strip_prefix("GET "));
        let path = path.map(|path| path.split('?').next().unwrap_or_default());
        self.function.is_none() && path.is_some_and(|path| BROWSERS_OWN.contains(&path))
    }

    /// The invocation; none while it runs.
    pub(super) fn ended(&self) -> Option<Invocation> {
        Some(Invocation {
            call: self.number,
            id: self.invocation?,
            function: self.function.clone()?,
            origin: self.origin.clone(),
            caller: self.parent,
            started: self.started,
            duration: self.duration?,
            status: self.status?,
            succeeded: self.succeeded?,
        })
    }

    /// The line of a list.
    pub(crate) fn summary(&self) -> CallSummary {
        CallSummary {
            number: self.number,
            invocation: self.invocation,
            function: self.function.clone(),
            mode: self.mode,
            user: self.user.clone(),
            caller: self.caller.clone(),
            started: self.started,
            duration: self.duration,
            status: self.status,
            succeeded: self.succeeded,
            trace: self.trace.clone(),
            head: self.request.as_ref().map(|request| request.head.clone()),
        }
    }
}

#[expect(clippy::ref_option, reason = "serde hands the field over so")]
fn milliseconds<S: serde::Serializer>(duration: &Option<Duration>, serializer: S) -> Result<S::Ok, S::Error> {
    match duration {
        Some(duration) => serializer.serialize_f64((duration.as_secs_f64() * 10_000.0).round() / 10.0),
        None => serializer.serialize_none(),
    }
}
