//! An invocation as this host saw it, and the spans that show it.

use std::time::Duration;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::{
    Attributes, Kind, Source, Span, SpanId, Status, TraceParent,
    span::{name_text, value_text},
};

/// What this host's own spans have for a service.
const SERVICE: &str = "functions-emulator";

/// What started an invocation.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) enum Origin {
    /// A request, to the route of a function.
    Request {
        /// The method.
        method: String,
        /// The route with its prefix, such as `/api/things/{id}`.
        route: String,
    },
    /// A message.
    Message {
        /// The queue that held it.
        queue: String,
        /// Its id.
        id: Uuid,
        /// When it was put.
        inserted_at: DateTime<Utc>,
        /// Deliveries so far, this one included.
        dequeue_count: u32,
    },
    /// A timer, or a hand.
    #[default]
    Other,
}

/// An invocation that has ended.
#[derive(Clone, Debug)]
pub(crate) struct Invocation {
    /// The number of the call.
    pub(crate) call: u64,
    /// Its id.
    pub(crate) id: Uuid,
    /// The function.
    pub(crate) function: String,
    /// What started it.
    pub(crate) origin: Origin,
    /// The span that its caller named.
    pub(crate) caller: Option<TraceParent>,
    /// When it began: for a message, when it was received.
    pub(crate) started: DateTime<Utc>,
    /// How long it took.
    pub(crate) duration: Duration,
    /// As the caller saw it, else 200 or 500.
    pub(crate) status: u16,
    /// Whether it succeeded.
    pub(crate) succeeded: bool,
}

impl Invocation {
    /// When it ended, in nanoseconds since 1970.
    pub(super) fn end(&self) -> i64 {
        let duration = i64::try_from(self.duration.as_nanos()).unwrap_or(i64::MAX);
        nanoseconds(self.started).saturating_add(duration)
    }

    /// One span for the whole, and another for the wait of a message. A message that was delivered before has waited
    /// since the end of that delivery.
    pub(super) fn spans(self, delivered_before: Option<i64>) -> Vec<Span> {
        let (started, end) = (nanoseconds(self.started), self.end());
        let waits_since = match &self.origin {
            Origin::Message { inserted_at, .. } => {
                Some(delivered_before.unwrap_or_else(|| nanoseconds(*inserted_at)).min(started))
            }
            Origin::Request { .. } | Origin::Other => None,
        };
        let whole = self.whole(waits_since.unwrap_or(started), end);
        let wait = waits_since.map(|since| wait(&whole, since, started));
        std::iter::once(whole).chain(wait).collect()
    }

    fn whole(self, start: i64, end: i64) -> Span {
        let failed = !self.succeeded || self.status >= 500;
        let (name, kind) = match &self.origin {
            Origin::Request { method, route } => (format!("{method} {route}"), Kind::Server),
            Origin::Message { queue, .. } => (format!("message of {queue}"), Kind::Consumer),
            Origin::Other => (format!("run of {}", self.function), Kind::Internal),
        };
        let mut attributes =
            vec![("faas.invoked_name", self.function), ("faas.invocation_id", self.id.to_string())];
        match self.origin {
            Origin::Request { method, route } => attributes.extend([
                ("http.request.method", method),
                ("http.route", route),
                ("http.response.status_code", self.status.to_string()),
            ]),
            Origin::Message { queue, id, dequeue_count, .. } => attributes.extend([
                ("messaging.destination.name", queue),
                ("messaging.message.id", id.to_string()),
                ("azure.queue.dequeue_count", dequeue_count.to_string()),
            ]),
            Origin::Other => {}
        }
        let (attributes, left_out) =
            Attributes::of_span(attributes.into_iter().map(|(name, value)| (name.to_owned(), value)));
        Span {
            id: SpanId::random(),
            parent: self.caller.map(|caller| caller.span),
            source: Source::Host,
            kind,
            service: SERVICE.to_owned(),
            name: name_text(&name),
            start,
            end,
            status: if failed { Status::Error(value_text("the invocation failed")) } else { Status::Ok },
            attributes,
            events: Vec::new(),
            links: Vec::new(),
            invocation: Some(self.id),
            call: Some(self.call),
            left_out,
        }
    }
}

fn wait(whole: &Span, since: i64, received: i64) -> Span {
    Span {
        id: SpanId::random(),
        parent: Some(whole.id),
        source: Source::Wait,
        kind: Kind::Internal,
        name: "wait in the queue".to_owned(),
        start: since,
        end: received,
        status: Status::Ok,
        attributes: Attributes::default(),
        ..whole.clone()
    }
}

fn nanoseconds(time: DateTime<Utc>) -> i64 {
    time.timestamp_nanos_opt().unwrap_or(i64::MAX)
}
