//! Spans of invocations, as a collector that knows the protocol reads them.

use std::collections::BTreeSet;

use axum::http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use opentelemetry_proto::tonic::{
    collector::{metrics::v1::ExportMetricsServiceRequest, trace::v1::ExportTraceServiceRequest},
    common::v1::{KeyValue, any_value::Value as AnyValue},
    trace::v1::{Span as WireSpan, Status, span::SpanKind, status::StatusCode},
};
use prost::Message as _;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use test_servers::{Backend, BackendResponse, ReceivedRequest};

use crate::{
    fulfilment::Known,
    support::{EventLog, Mode, SOON, Setup, TestApp, in_every_mode},
};

mod delivery;

in_every_mode!(an_invocation_is_a_span_in_the_callers_trace, fulfilment_continues_the_callers_trace,);

const TRACE: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
const TRACE_ID: &str = "0af7651916cd43dd8448eb211c80319c";
/// The method of gRPC that takes spans.
const CALL: &str = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";
const CALLER: &str = "b7ad6b7169203331";

/// A span, with its ids in hexadecimal digits.
#[derive(Clone, Debug)]
struct Span {
    trace_id: String,
    id: String,
    parent_span_id: Option<String>,
    name: String,
    kind: SpanKind,
    began: u64,
    ended: u64,
    attributes: Vec<KeyValue>,
    status: StatusCode,
}

impl Span {
    fn new(span: WireSpan) -> Self {
        let hex = |bytes: &[u8]| {
            bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]).map(hex_digit).collect::<String>()
        };
        assert!(span.trace_id.len() == 16 && span.span_id.len() == 8, "{span:?}");
        assert!(matches!(span.parent_span_id.len(), 0 | 8), "{span:?}");
        assert!(span.start_time_unix_nano <= span.end_time_unix_nano, "{span:?}");
        Self {
            trace_id: hex(&span.trace_id),
            id: hex(&span.span_id),
            parent_span_id: Some(hex(&span.parent_span_id)).filter(|id| !id.is_empty()),
            kind: span.kind(),
            status: span.status.as_ref().map_or(StatusCode::Unset, Status::code),
            began: span.start_time_unix_nano,
            ended: span.end_time_unix_nano,
            name: span.name,
            attributes: span.attributes,
        }
    }

    fn attribute(&self, key: &str) -> Option<String> {
        attribute(&self.attributes, key)
    }
}

fn hex_digit(value: u8) -> char {
    char::from_digit(u32::from(value), 16).expect("half a byte")
}

fn attribute(attributes: &[KeyValue], key: &str) -> Option<String> {
    let found = attributes.iter().find(|attribute| attribute.key == key)?;
    match found.value.clone()?.value? {
        AnyValue::StringValue(value) => Some(value),
        AnyValue::IntValue(value) => Some(value.to_string()),
        value => panic!("{key} is {value:?}"),
    }
}

/// What a request holds, by the encoding that it names.
fn decoded(asked: &ReceivedRequest) -> ExportTraceServiceRequest {
    let (is_packed, message) = match asked.call_message() {
        Some(call) => call,
        None => (asked.headers.contains_key(CONTENT_ENCODING), asked.body.clone()),
    };
    let body = if is_packed {
        // Ten bytes of head without optional fields, eight of checksum and length.
        let packed = &message[10..message.len() - 8];
        miniz_oxide::inflate::decompress_to_vec(packed).expect("packed bytes")
    } else {
        message.to_vec()
    };
    match asked.headers[CONTENT_TYPE].as_bytes() {
        b"application/x-protobuf" | b"application/grpc" => {
            ExportTraceServiceRequest::decode(&body[..]).expect("a message")
        }
        b"application/json" => {
            let text: Value = serde_json::from_slice(&body).expect("JSON");
            let span = &text["resourceSpans"][0]["scopeSpans"][0]["spans"][0];
            assert_eq!(span["traceId"].as_str().map(str::len), Some(32), "ids are hexadecimal: {text}");
            assert!(span["startTimeUnixNano"].is_string(), "numbers of 64 bits are texts: {text}");
            serde_json::from_slice(&body).expect("a message")
        }
        other => panic!("{}", other.escape_ascii()),
    }
}

/// Every span that was taken, each of them in form.
fn taken(collector: &Backend) -> Vec<Span> {
    let mut taken = Vec::new();
    for asked in collector.requests() {
        let path = if asked.is_call() { CALL } else { "/v1/traces" };
        assert_eq!(asked.line, format!("POST {path}"));
        for resource in decoded(&asked).resource_spans {
            let of = resource.resource.expect("a resource").attributes;
            assert_eq!(attribute(&of, "service.name").as_deref(), Some("orders-worker"));
            assert_eq!(attribute(&of, "telemetry.sdk.language").as_deref(), Some("rust"));
            taken.extend(resource.scope_spans.into_iter().flat_map(|scope| scope.spans).map(Span::new));
        }
    }
    taken
}

/// A collector that takes everything.
async fn collector() -> Backend {
    let collector = Backend::plain().await.expect("a free port");
    collector.respond_with(BackendResponse::Status(200));
    collector
}

fn before(collector: &Backend, setup: Setup) -> Setup {
    setup
        .set("OTEL_EXPORTER_OTLP_ENDPOINT", &format!("http://127.0.0.1:{}", collector.port()))
        .set("OTEL_BSP_SCHEDULE_DELAY", "200")
        .set("OTEL_METRICS_EXPORTER", "none")
}

/// The only span of this name in this trace, as soon as it exists.
async fn span(app: &TestApp, collector: &Backend, function: &str) -> Span {
    let found = || -> Vec<Span> {
        let of = |span: &Span| span.name == function && span.trace_id == TRACE_ID;
        taken(collector).into_iter().filter(of).collect()
    };
    app.eventually(&format!("a span of {function}"), SOON, async || !found().is_empty()).await;
    let [span] = &found()[..] else { panic!("more than one span of {function}") };
    span.clone()
}

async fn an_invocation_is_a_span_in_the_callers_trace(mode: Mode) {
    let collector = collector().await;
    let app = before(&collector, Setup::in_mode(mode)).start().await;
    let caller = app.user("buyer").with("traceparent", TRACE);
    assert_eq!(caller.get("/api/products").await.status, 200);
    let found = span(&app, &collector, "ListProducts").await;
    assert_eq!((found.parent_span_id.as_deref(), found.kind), (Some(CALLER), SpanKind::Server));
    assert_ne!(found.id, CALLER);
    assert_eq!(found.attribute("faas.trigger").as_deref(), Some("http"));
    assert_eq!(found.attribute("outcome").as_deref(), Some("ok"));
    assert_eq!(found.attribute("http.response.status_code").as_deref(), Some("200"));
    assert_eq!(found.attribute("faas.invocation_id").map(|id| id.len()), Some(36));
    assert_eq!(found.status, StatusCode::Unset);

    assert_eq!(caller.get("/api/orders/nonsense").await.status, 404);
    let refused = span(&app, &collector, "GetOrder").await;
    assert_eq!(refused.attribute("outcome").as_deref(), Some("refused"));
    assert_eq!(refused.status, StatusCode::Unset);

    assert_eq!(app.anonymous().get("/api/health").await.status, 200);
    app.eventually("a span without a caller", SOON, async || {
        taken(&collector)
            .iter()
            .any(|span| span.name == "Health" && span.trace_id != TRACE_ID && span.parent_span_id.is_none())
    })
    .await;
    let all = taken(&collector);
    let ids: BTreeSet<_> = all.iter().map(|span| &span.id).collect();
    assert_eq!(ids.len(), all.len(), "no two spans share an id");
}

async fn fulfilment_continues_the_callers_trace(mode: Mode) {
    let collector = collector().await;
    let app = before(&collector, Setup::in_mode(mode)).start().await;
    app.user("admin").stock("BEANS", 1290).await;
    let location = app.user("buyer").place("BEANS").await;
    let clerk = app.user("clerk").with("traceparent", TRACE);
    assert_eq!(clerk.post_nothing(&format!("{location}/process")).await.status, 202);
    let processed = span(&app, &collector, "ProcessOrder").await;
    let fulfilled = span(&app, &collector, "FulfilOrder").await;
    assert_eq!(processed.parent_span_id.as_deref(), Some(CALLER));
    assert_eq!(fulfilled.parent_span_id.as_ref(), Some(&processed.id), "the message led to it");
    assert_eq!(fulfilled.kind, SpanKind::Consumer);
    assert_eq!(fulfilled.attribute("faas.trigger").as_deref(), Some("pubsub"));
}

#[tokio::test]
async fn statements_are_spans_below_their_invocation() {
    let collector = collector().await;
    let app = before(&collector, Setup::in_mode(Mode::Proxy)).start().await;
    let caller = app.user("buyer").with("traceparent", TRACE);
    assert_eq!(caller.get("/api/products?limit=7").await.status, 200);
    let invocation = span(&app, &collector, "ListProducts").await;
    assert_eq!(invocation.attribute("http.route").as_deref(), Some("/api/products"));
    assert_eq!(invocation.attribute("http.request.method").as_deref(), Some("GET"));
    let statement = span(&app, &collector, "SELECT products").await;
    assert_eq!((statement.parent_span_id.as_ref(), statement.kind), (Some(&invocation.id), SpanKind::Client));
    assert!(invocation.began <= statement.began && statement.ended <= invocation.ended, "{statement:?}");
    let keys: BTreeSet<_> = statement.attributes.iter().map(|attribute| attribute.key.as_str()).collect();
    assert_eq!(keys, BTreeSet::from(["db.collection.name", "db.operation.name", "db.system.name"]));
    assert_eq!(statement.attribute("db.system.name").as_deref(), Some(app.database_system()));
    assert_eq!(statement.attribute("db.operation.name").as_deref(), Some("SELECT"));
}

#[tokio::test]
async fn one_trace_leads_from_the_caller_to_the_backend() {
    let collector = collector().await;
    let known = Known::start().await;
    let app = known.under(before(&collector, Setup::in_mode(Mode::Proxy))).start().await;
    app.user("admin").stock("BEANS", 1290).await;
    let buyer = app.user("buyer");
    let location = buyer.place("BEANS").await;
    let clerk = app.user("clerk").with("traceparent", TRACE);
    assert_eq!(clerk.post_nothing(&format!("{location}/process")).await.status, 202);
    app.becomes(&buyer, &location, "fulfilled", SOON).await;
    let fulfilled = span(&app, &collector, "FulfilOrder").await;
    assert_eq!(fulfilled.attribute("messaging.destination.name").as_deref(), Some("orders-fulfilment"));
    let call = span(&app, &collector, "POST").await;
    assert_eq!((call.parent_span_id.as_ref(), call.kind), (Some(&fulfilled.id), SpanKind::Client));
    assert_eq!(call.attribute("peer.service").as_deref(), Some("fulfilment"));
    assert_eq!(call.attribute("http.response.status_code").as_deref(), Some("202"));
    let asked = known.backend.requests().pop().expect("it was asked");
    assert_eq!(asked.headers["traceparent"], format!("00-{TRACE_ID}-{}-01", call.id));
}

#[tokio::test]
async fn a_caller_decides_whether_its_trace_is_exported() {
    let collector = collector().await;
    let app = before(&collector, Setup::in_mode(Mode::Proxy)).start().await;
    let not_sampled = app.user("buyer").with("traceparent", &TRACE.replace("-01", "-00"));
    assert_eq!(not_sampled.get("/api/orders").await.status, 200);
    let sampled = app.user("buyer").with("traceparent", TRACE);
    assert_eq!(sampled.get("/api/products").await.status, 200);
    // Spans arrive in the sequence of their ends.
    span(&app, &collector, "ListProducts").await;
    assert!(taken(&collector).iter().all(|span| span.name != "ListOrders"), "it is not exported");
}

#[tokio::test]
async fn metrics_reach_the_collector() {
    for (protocol, path) in [
        ("http/protobuf", "/v1/metrics"),
        ("grpc", "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export"),
    ] {
        let collector = collector().await;
        let app = Setup::in_mode(Mode::Proxy)
            .set("OTEL_EXPORTER_OTLP_ENDPOINT", &format!("http://127.0.0.1:{}", collector.port()))
            .set("OTEL_EXPORTER_OTLP_PROTOCOL", protocol)
            .set("OTEL_TRACES_EXPORTER", "none")
            .set("OTEL_METRIC_EXPORT_INTERVAL", "200")
            .start()
            .await;
        assert_eq!(app.user("buyer").get("/api/products").await.status, 200);
        let names = || -> BTreeSet<String> {
            let requests = collector.requests().into_iter().map(|asked| {
                assert_eq!(asked.line, format!("POST {path}"));
                let message = asked.call_message().map_or(asked.body, |(_, message)| message);
                ExportMetricsServiceRequest::decode(message).expect("a message")
            });
            let resources = requests.flat_map(|request| request.resource_metrics);
            let scopes = resources.flat_map(|resource| resource.scope_metrics);
            scopes.flat_map(|scope| scope.metrics).map(|metric| metric.name).collect()
        };
        app.eventually("a duration", SOON, async || names().contains("http.server.request.duration")).await;
    }
}

#[tokio::test]
async fn a_failed_invocation_is_a_span_with_an_error() {
    let collector = collector().await;
    let setup = before(&collector, Setup::in_mode(Mode::Proxy));
    let app = setup.set("ORDERS_DATABASE_URL", "postgres://me@127.0.0.1:1/orders").start().await;
    let caller = app.user("buyer").with("traceparent", TRACE);
    assert_eq!(caller.get("/api/products").await.status, 503);
    let failed = span(&app, &collector, "ListProducts").await;
    assert_eq!(failed.status, StatusCode::Error);
    assert_eq!(failed.attribute("outcome").as_deref(), Some("failed"));
    let mut heard = EventLog::default();
    let mut app = app;
    heard.until(&mut app, "the last line", |heard| !heard.ended().is_empty()).await;
    let told = heard.events("invocation-ended");
    let told = told.iter().find(|line| line["function"] == "ListProducts").expect("it ended");
    let lasted = told["duration_ms"].as_u64().expect("milliseconds");
    assert!((failed.ended - failed.began) / 1_000_000 >= lasted.saturating_sub(1), "{lasted} ms: {failed:?}");
    assert_eq!((told.get("span_id"), told.get("parent_span_id")), (None, None), "lines tell the trace alone");
}

#[tokio::test]
async fn without_a_collector_the_callers_span_is_propagated() {
    let app = Setup::in_mode(Mode::Proxy).set("AzureWebJobs.FulfilOrder.Disabled", "true").start().await;
    app.user("admin").stock("BEANS", 1290).await;
    let location = app.user("buyer").place("BEANS").await;
    let clerk = app.user("clerk").with("traceparent", TRACE);
    assert_eq!(clerk.post_nothing(&format!("{location}/process")).await.status, 202);
    let message: Value = crate::support::payload(&app.queues.peek("orders-fulfilment").await[0]);
    assert_eq!(message["traceparent"], json!(TRACE));
}

/// Asks the worker to go, as the platform does when it has time to.
fn end(app: &TestApp) {
    let worker = app.host.worker_pid().and_then(|pid| Pid::from_raw(pid.try_into().ok()?));
    kill_process(worker.expect("it runs"), Signal::TERM).expect("it is ours");
}
