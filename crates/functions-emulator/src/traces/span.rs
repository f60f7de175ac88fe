//! A span as it is stored: bounded in every part, whatever an exporter sends.

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{SpanId, TraceId};

/// Bytes that are stored of a name.
const MAX_NAME_BYTES: usize = 256;
/// Bytes that are stored of a value.
const MAX_VALUE_BYTES: usize = 4096;
/// Attributes that are stored of a span.
const MAX_ATTRIBUTES: usize = 64;
/// Attributes that are stored of an event.
const MAX_EVENT_ATTRIBUTES: usize = 16;
/// Events that are stored of a span.
const MAX_EVENTS: usize = 32;
/// Links that are stored of a span.
const MAX_LINKS: usize = 32;
/// What a span takes beside its texts, about.
const SPAN_BYTES: usize = 256;

/// The attribute by which a worker's span names its invocation, by the semantic conventions.
const INVOCATION: &str = "faas.invocation_id";

/// What made a span.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Source {
    /// The worker, or another program that exports to here.
    Exported,
    /// This host: a whole invocation, a message's time in its queue included.
    Host,
    /// This host: the time in the queue alone.
    Wait,
}

/// The kind of a span.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Kind {
    Unspecified,
    Internal,
    Server,
    Client,
    Producer,
    Consumer,
}

/// How a span ended.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Status {
    /// Without an error.
    Ok,
    /// With an error, and what it says.
    Error(String),
}

/// Names with values, a bounded number of each bounded.
#[derive(Clone, Debug, Default, Eq, PartialEq, Serialize)]
#[serde(transparent)]
pub(crate) struct Attributes(Vec<(String, String)>);

/// Something that happened at one time of a span.
#[derive(Clone, Debug)]
pub(crate) struct SpanEvent {
    time: i64,
    name: String,
    attributes: Attributes,
}

/// One operation. Times are nanoseconds since 1970.
#[derive(Clone, Debug)]
pub(crate) struct Span {
    pub(crate) id: SpanId,
    pub(crate) parent: Option<SpanId>,
    pub(crate) source: Source,
    pub(crate) kind: Kind,
    pub(crate) service: String,
    pub(crate) name: String,
    pub(crate) start: i64,
    pub(crate) end: i64,
    pub(crate) status: Status,
    pub(crate) attributes: Attributes,
    pub(crate) events: Vec<SpanEvent>,
    pub(crate) links: Vec<(TraceId, SpanId)>,
    /// The invocation that it belongs to, where that is known.
    pub(crate) invocation: Option<Uuid>,
    /// The call that this host remembers, for a span of its own.
    pub(crate) call: Option<u64>,
    /// Attributes, events and links that were left out, here or by the exporter.
    pub(crate) left_out: usize,
}

impl Attributes {
    /// Of a span, with the number of those that are left out.
    pub(crate) fn of_span(all: impl Iterator<Item = (String, String)>) -> (Self, usize) {
        Self::bounded(all, MAX_ATTRIBUTES)
    }

    fn bounded(mut all: impl Iterator<Item = (String, String)>, most: usize) -> (Self, usize) {
        let kept = all.by_ref().take(most).map(|(name, value)| (name_text(&name), value_text(&value)));
        let kept = Self(kept.collect());
        (kept, all.count())
    }

    /// The value of a name.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// The invocation that they name.
    pub(crate) fn invocation(&self) -> Option<Uuid> {
        self.get(INVOCATION)?.parse().ok()
    }

    fn bytes(&self) -> usize {
        self.0.iter().map(|(name, value)| name.len() + value.len() + 48).sum()
    }
}

impl SpanEvent {
    /// An event, with the number of its attributes that are left out.
    pub(crate) fn new(
        time: i64,
        name: &str,
        attributes: impl Iterator<Item = (String, String)>,
    ) -> (Self, usize) {
        let (attributes, left_out) = Attributes::bounded(attributes, MAX_EVENT_ATTRIBUTES);
        (Self { time, name: name_text(name), attributes }, left_out)
    }
}

impl Span {
    /// Adds events and links up to their bounds.
    pub(crate) fn with(mut self, mut events: Vec<SpanEvent>, mut links: Vec<(TraceId, SpanId)>) -> Self {
        self.left_out += events.len().saturating_sub(MAX_EVENTS) + links.len().saturating_sub(MAX_LINKS);
        // To collect the first ones would keep the memory of all that were sent.
        events.truncate(MAX_EVENTS);
        events.shrink_to_fit();
        links.truncate(MAX_LINKS);
        links.shrink_to_fit();
        self.events = events;
        self.links = links;
        self
    }

    /// Whether it ended with an error.
    pub(crate) fn is_error(&self) -> bool {
        matches!(self.status, Status::Error(_))
    }

    /// The memory that it takes, about.
    pub(super) fn bytes(&self) -> usize {
        let message = if let Status::Error(message) = &self.status { message.len() } else { 0 };
        let events: usize =
            self.events.iter().map(|event| event.name.len() + event.attributes.bytes() + 56).sum();
        let texts = self.service.len() + self.name.len() + message + self.attributes.bytes();
        SPAN_BYTES + texts + events + 24 * self.links.len()
    }

    /// The span for the console; times are milliseconds after `origin`.
    pub(crate) fn to_json(&self, origin: i64) -> Value {
        let events: Vec<Value> = self
            .events
            .iter()
            .map(|event| json!({"name": event.name, "offset": milliseconds(origin, event.time), "attributes": event.attributes}))
            .collect();
        let links: Vec<Value> = self
            .links
            .iter()
            .map(|(trace, span)| json!({"trace": trace.to_string(), "span": span.to_string()}))
            .collect();
        json!({
            "id": self.id.to_string(),
            "source": match self.source {
                Source::Exported => "exported",
                Source::Host => "host",
                Source::Wait => "wait",
            },
            "kind": self.kind,
            "service": self.service,
            "name": self.name,
            "start": time(self.start),
            "offset": milliseconds(origin, self.start),
            "duration": milliseconds(self.start, self.end),
            "error": self.is_error(),
            "message": match &self.status {
                Status::Error(message) if !message.is_empty() => Some(message),
                _ => None,
            },
            "attributes": self.attributes,
            "events": events,
            "links": links,
            "invocation": self.invocation,
            "call": self.call,
            "leftOut": self.left_out,
        })
    }
}

/// A name as it is stored.
pub(crate) fn name_text(text: &str) -> String {
    cut(text, MAX_NAME_BYTES)
}

/// A value as it is stored.
pub(crate) fn value_text(text: &str) -> String {
    cut(text, MAX_VALUE_BYTES)
}

fn cut(text: &str, most: usize) -> String {
    if text.len() <= most {
        return text.to_owned();
    }
    format!("{}…", &text[..text.floor_char_boundary(most)])
}

/// A time in RFC 3339.
pub(super) fn time(nanoseconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp_nanos(nanoseconds)
}

/// From one time to a later one.
#[expect(clippy::cast_precision_loss, reason = "shown with microseconds")]
pub(super) fn milliseconds(from: i64, to: i64) -> f64 {
    (to.saturating_sub(from).max(0) / 1000) as f64 / 1000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_out_takes_no_memory() {
        let event = || SpanEvent::new(0, "", std::iter::empty()).0;
        let span = Span {
            id: "00f067aa0ba902b7".parse().expect("an id"),
            parent: None,
            source: Source::Exported,
            kind: Kind::Internal,
            service: String::new(),
            name: String::new(),
            start: 0,
            end: 0,
            status: Status::Ok,
            attributes: Attributes::default(),
            events: Vec::new(),
            links: Vec::new(),
            invocation: None,
            call: None,
            left_out: 0,
        };
        let span = span.with((0..10_000).map(|_| event()).collect(), Vec::new());
        assert_eq!((span.events.len(), span.left_out), (MAX_EVENTS, 10_000 - MAX_EVENTS));
        assert!(span.events.capacity() < 2 * MAX_EVENTS, "{}", span.events.capacity());
    }
}
