//! From the messages of the protocol to spans as they are stored.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use opentelemetry_proto::tonic::{
    common::v1::{AnyValue, KeyValue, any_value::Value as Variant},
    resource::v1::Resource,
    trace::v1::{self as proto, span::SpanKind, status::StatusCode},
};
use serde_json::{Map, Value, json};

use crate::traces::{
    Attributes, Kind, MAX_SPANS, Source, Span, SpanEvent, SpanId, Status, TraceId, name_text, value_text,
};

/// The spans of a request, and how many others it had.
#[derive(Debug, Default)]
pub(super) struct Batch {
    pub(super) spans: Vec<(TraceId, Span)>,
    pub(super) rejected: usize,
}

impl Batch {
    /// Adds a span, unless it has no valid ids.
    pub(super) fn add(&mut self, span: proto::Span, service: &str) {
        match stored(span, service) {
            Some(span) => self.spans.push(span),
            None => self.rejected += 1,
        }
    }

    /// Whether no more spans fit.
    pub(super) fn is_full(&self) -> bool {
        self.spans.len() >= MAX_SPANS
    }
}

/// `service.name` of a resource.
pub(super) fn service(resource: Option<&Resource>) -> String {
    let attributes = resource.map(|resource| resource.attributes.as_slice()).unwrap_or_default();
    let name = attributes.iter().find(|attribute| attribute.key == "service.name");
    name_text(&name.and_then(|name| name.value.as_ref()).map(text).unwrap_or_default())
}

fn stored(span: proto::Span, service: &str) -> Option<(TraceId, Span)> {
    let trace = TraceId::try_from(span.trace_id.as_slice()).ok()?;
    let id = SpanId::try_from(span.span_id.as_slice()).ok()?;
    let dropped = [span.dropped_attributes_count, span.dropped_events_count, span.dropped_links_count];
    let (kind, status) = (kind(span.kind()), span.status.as_ref().map_or(Status::Ok, status));
    let (attributes, mut left_out) = Attributes::of_span(pairs(span.attributes));
    left_out += dropped.into_iter().map(|count| count as usize).sum::<usize>();
    let mut events = Vec::with_capacity(span.events.len());
    for event in span.events {
        let (event, more) =
            SpanEvent::new(nanoseconds(event.time_unix_nano), &event.name, pairs(event.attributes));
        left_out += more;
        events.push(event);
    }
    let link = |link: proto::span::Link| {
        Some((
            TraceId::try_from(link.trace_id.as_slice()).ok()?,
            SpanId::try_from(link.span_id.as_slice()).ok()?,
        ))
    };
    let links = span.links.into_iter().filter_map(link).collect();
    let start = nanoseconds(span.start_time_unix_nano);
    let stored = Span {
        id,
        parent: SpanId::try_from(span.parent_span_id.as_slice()).ok(),
        source: Source::Exported,
        kind,
        service: service.to_owned(),
        name: name_text(&span.name),
        start,
        end: nanoseconds(span.end_time_unix_nano).max(start),
        status,
        invocation: attributes.invocation(),
        attributes,
        events: Vec::new(),
        links: Vec::new(),
        call: None,
        left_out,
    };
    Some((trace, stored.with(events, links)))
}

fn kind(kind: SpanKind) -> Kind {
    match kind {
        SpanKind::Unspecified => Kind::Unspecified,
        SpanKind::Internal => Kind::Internal,
        SpanKind::Server => Kind::Server,
        SpanKind::Client => Kind::Client,
        SpanKind::Producer => Kind::Producer,
        SpanKind::Consumer => Kind::Consumer,
    }
}

fn status(status: &proto::Status) -> Status {
    match status.code() {
        StatusCode::Error => Status::Error(value_text(&status.message)),
        StatusCode::Unset | StatusCode::Ok => Status::Ok,
    }
}

fn nanoseconds(time: u64) -> i64 {
    i64::try_from(time).unwrap_or(i64::MAX)
}

fn pairs(attributes: Vec<KeyValue>) -> impl Iterator<Item = (String, String)> {
    attributes.into_iter().map(|attribute| {
        let value = attribute.value.as_ref().map(text).unwrap_or_default();
        (attribute.key, value)
    })
}

/// A value for reading: a text as it is, anything else as JSON.
fn text(value: &AnyValue) -> String {
    match &value.value {
        Some(Variant::StringValue(text)) => text.clone(),
        Some(_) => document(value).to_string(),
        None => String::new(),
    }
}

fn document(value: &AnyValue) -> Value {
    match &value.value {
        Some(Variant::StringValue(text)) => json!(text),
        Some(Variant::BoolValue(value)) => json!(value),
        Some(Variant::IntValue(value)) => json!(value),
        Some(Variant::DoubleValue(value)) if value.is_finite() => json!(value),
        Some(Variant::DoubleValue(value)) => json!(value.to_string()),
        Some(Variant::BytesValue(bytes)) => json!(STANDARD.encode(bytes)),
        Some(Variant::ArrayValue(list)) => list.values.iter().map(document).collect(),
        Some(Variant::KvlistValue(list)) => {
            let member = |one: &KeyValue| (one.key.clone(), one.value.as_ref().map_or(Value::Null, document));
            Value::Object(list.values.iter().map(member).collect::<Map<_, _>>())
        }
        // A reference into a dictionary that only profiles have.
        Some(Variant::StringValueStrindex(_)) | None => Value::Null,
    }
}
