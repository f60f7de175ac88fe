//! An exporter of the tests.

use std::io::Write as _;

use flate2::{Compression, write::GzEncoder};
use opentelemetry_proto::tonic::{
    collector::trace::v1::ExportTraceServiceRequest,
    common::v1::{AnyValue, KeyValue, any_value::Value as Variant},
    resource::v1::Resource,
    trace::v1::{ResourceSpans, ScopeSpans, Span},
};
use prost::Message as _;
use reqwest::{Method, RequestBuilder, Response};

use crate::app::{Running, client, noon};

pub(super) const PROTOBUF: &str = "application/x-protobuf";
pub(super) const JSON: &str = "application/json";

/// A span of this trace that takes a second from `second` after noon on; parent 0 is none.
pub(super) fn span(trace: u128, id: u64, parent: u64, name: &str, second: u64) -> Span {
    let noon =
        u64::try_from(noon().timestamp_nanos_opt().expect("a time of this century")).expect("after 1970");
    let start_time_unix_nano = noon + second * 1_000_000_000;
    Span {
        trace_id: trace.to_be_bytes().to_vec(),
        span_id: id.to_be_bytes().to_vec(),
        parent_span_id: if parent == 0 { Vec::new() } else { parent.to_be_bytes().to_vec() },
        name: name.to_owned(),
        start_time_unix_nano,
        end_time_unix_nano: start_time_unix_nano + 1_000_000_000,
        ..Span::default()
    }
}

pub(super) fn attribute(key: &str, value: Variant) -> KeyValue {
    KeyValue { key: key.to_owned(), value: Some(AnyValue { value: Some(value) }), ..KeyValue::default() }
}

pub(super) fn text(key: &str, value: &str) -> KeyValue {
    attribute(key, Variant::StringValue(value.to_owned()))
}

/// A request with these spans of the service `shop`.
pub(super) fn request(spans: Vec<Span>) -> ExportTraceServiceRequest {
    let resource = Resource { attributes: vec![text("service.name", "shop")], ..Resource::default() };
    let scope_spans = vec![ScopeSpans { spans, ..ScopeSpans::default() }];
    let resource_spans =
        vec![ResourceSpans { resource: Some(resource), scope_spans, ..ResourceSpans::default() }];
    ExportTraceServiceRequest { resource_spans }
}

/// A request to the receiver of a host.
pub(super) fn post(running: &Running, path: &str, kind: &str, body: Vec<u8>) -> RequestBuilder {
    let url = format!("{}otlp{path}", running.host.console_url());
    client().request(Method::POST, url).header("content-type", kind).body(body)
}

/// Exports spans in protobuf; the answer.
pub(super) async fn exported(running: &Running, spans: Vec<Span>) -> Response {
    let sent = post(running, "/v1/traces", PROTOBUF, request(spans).encode_to_vec());
    sent.send().await.expect("an answer")
}

/// Exports spans, each of which is taken.
pub(super) async fn export(running: &Running, spans: Vec<Span>) {
    let answer = exported(running, spans).await;
    assert_eq!(answer.status(), 200);
    assert!(answer.bytes().await.expect("an answer").is_empty(), "all of them");
}

pub(super) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut packer = GzEncoder::new(Vec::new(), Compression::fast());
    packer.write_all(bytes).expect("memory takes it");
    packer.finish().expect("memory takes it")
}
