//! Spans as the collector reads them: `ExportTraceServiceRequest` of OTLP 1 in its JSON encoding, where ids are
//! hexadecimal, enums numbers, and numbers of 64 bits texts.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::spans::Span;

/// `STATUS_CODE_ERROR`; every other invocation leaves its status unset.
const ERROR: u8 = 2;

/// What is sent of these spans of a service.
pub(super) fn document(service: &str, spans: &[Span]) -> Value {
    let version = env!("CARGO_PKG_VERSION");
    let resource =
        [attribute("service.name", &json!(service)), attribute("service.version", &json!(version))];
    let scope = json!({"name": env!("CARGO_PKG_NAME"), "version": version});
    let spans: Vec<Value> = spans.iter().map(span_json).collect();
    json!({"resourceSpans": [{
        "resource": {"attributes": resource},
        "scopeSpans": [{"scope": scope, "spans": spans}],
    }]})
}

fn span_json(span: &Span) -> Value {
    let (kind, trigger) = kind(&span.trigger);
    let mut attributes = vec![
        attribute("faas.invocation_id", &json!(span.invocation)),
        attribute("faas.trigger", &json!(trigger)),
        attribute("outcome", &json!(span.outcome)),
    ];
    attributes.extend(span.status.map(|status| attribute("http.response.status_code", &json!(status))));
    let mut object = json!({
        "traceId": span.trace,
        "spanId": span.id,
        "name": if span.function.is_empty() { "no function" } else { span.function.as_str() },
        "kind": kind,
        "startTimeUnixNano": nanoseconds(span.began),
        "endTimeUnixNano": nanoseconds(span.ended),
        "attributes": attributes,
        "status": if span.outcome == "failed" { json!({"code": ERROR}) } else { json!({}) },
    });
    if let Some(parent) = &span.parent {
        object["parentSpanId"] = json!(parent);
    }
    object
}

/// `SpanKind` (2 of a server, 5 of a consumer, 1 of what the host's clock began) and `faas.trigger`.
fn kind(trigger: &str) -> (u8, &str) {
    match trigger {
        "queue" => (5, "pubsub"),
        "timer" => (1, "timer"),
        "http" => (2, "http"),
        _ => (2, "other"),
    }
}

fn nanoseconds(time: DateTime<Utc>) -> String {
    time.timestamp_nanos_opt().unwrap_or_default().to_string()
}

fn attribute(name: &str, value: &Value) -> Value {
    let value = match value {
        Value::Number(number) => json!({"intValue": number.to_string()}),
        text => json!({"stringValue": text}),
    };
    json!({"key": name, "value": value})
}
