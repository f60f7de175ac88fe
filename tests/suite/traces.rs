//! Spans of invocations, as a collector that knows the protocol reads them.

use std::{collections::BTreeSet, time::Duration};

use rustix::process::{Pid, Signal, kill_process};
use serde::Deserialize;
use serde_json::{Value, json};
use test_servers::{Backend, BackendResponse};

use crate::support::{EventLog, Mode, SOON, Setup, TestApp, in_every_mode};

in_every_mode!(an_invocation_is_a_span_in_the_callers_trace, fulfilment_continues_the_callers_trace,);

const TRACE: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
const TRACE_ID: &str = "0af7651916cd43dd8448eb211c80319c";
const CALLER: &str = "b7ad6b7169203331";
/// `ExportTraceServiceRequest`, as far as the worker uses it; anything else is no message of the protocol.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Export {
    resource_spans: Vec<ResourceSpans>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct ResourceSpans {
    resource: Resource,
    scope_spans: Vec<ScopeSpans>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Resource {
    attributes: Vec<Attribute>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct ScopeSpans {
    #[serde(rename = "scope")]
    _scope: Scope,
    spans: Vec<Span>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Scope {
    #[serde(rename = "name")]
    _name: String,
    #[serde(rename = "version")]
    _version: String,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Span {
    trace_id: String,
    #[serde(rename = "spanId")]
    id: String,
    parent_span_id: Option<String>,
    name: String,
    kind: u8,
    start_time_unix_nano: String,
    end_time_unix_nano: String,
    attributes: Vec<Attribute>,
    status: Status,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Attribute {
    key: String,
    value: AnyValue,
}

#[derive(Clone, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "camelCase")]
enum AnyValue {
    StringValue(String),
    IntValue(String),
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Status {
    code: Option<u8>,
}

impl Span {
    fn attribute(&self, key: &str) -> Option<&str> {
        let found = self.attributes.iter().find(|attribute| attribute.key == key)?;
        match &found.value {
            AnyValue::StringValue(value) | AnyValue::IntValue(value) => Some(value),
        }
    }

    fn nanoseconds(&self) -> (u64, u64) {
        let number = |text: &str| text.parse().expect("a number of nanoseconds");
        (number(&self.start_time_unix_nano), number(&self.end_time_unix_nano))
    }
}

/// Every span that was taken, each of them in form.
fn taken(collector: &Backend) -> Vec<Span> {
    let mut taken = Vec::new();
    for asked in collector.requests() {
        assert_eq!((asked.line.as_str(), &asked.headers["content-type"]), ("POST /v1/traces", &json_type()));
        let export: Export = serde_json::from_slice(&asked.body).expect("a message of the protocol");
        for resource in export.resource_spans {
            let service = resource.resource.attributes.iter().find(|one| one.key == "service.name");
            assert_eq!(
                service.map(|one| &one.value),
                Some(&AnyValue::StringValue("orders-worker".to_owned()))
            );
            taken.extend(resource.scope_spans.into_iter().flat_map(|scope| scope.spans));
        }
    }
    let hex = |text: &str, length| text.len() == length && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    for span in &taken {
        let (began, ended) = span.nanoseconds();
        assert!(hex(&span.trace_id, 32) && hex(&span.id, 16) && began <= ended, "{span:?}");
        assert!(span.parent_span_id.as_ref().is_none_or(|parent| hex(parent, 16)), "{span:?}");
    }
    taken
}

fn json_type() -> axum::http::HeaderValue {
    axum::http::HeaderValue::from_static("application/json")
}

/// A collector that takes everything.
async fn collector() -> Backend {
    let collector = Backend::plain().await.expect("a free port");
    collector.respond_with(BackendResponse::Status(200));
    collector
}

fn before(collector: &Backend, setup: Setup) -> Setup {
    setup.set("OTEL_EXPORTER_OTLP_ENDPOINT", &format!("http://127.0.0.1:{}", collector.port()))
}

/// The only span of this function in this trace, as soon as it exists.
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
    assert_eq!((found.parent_span_id.as_deref(), found.kind), (Some(CALLER), 2));
    assert_ne!(found.id, CALLER);
    assert_eq!((found.attribute("faas.trigger"), found.attribute("outcome")), (Some("http"), Some("ok")));
    assert_eq!(found.attribute("http.response.status_code"), Some("200"));
    assert_eq!(found.attribute("faas.invocation_id").map(str::len), Some(36));
    assert_eq!(found.status.code, None);

    assert_eq!(caller.get("/api/orders/nonsense").await.status, 404);
    let refused = span(&app, &collector, "GetOrder").await;
    assert_eq!((refused.attribute("outcome"), refused.status.code), (Some("refused"), None));

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
    assert_eq!((fulfilled.kind, fulfilled.attribute("faas.trigger")), (5, Some("pubsub")));
}

#[tokio::test]
async fn a_failed_invocation_is_a_span_with_an_error() {
    let collector = collector().await;
    let setup = before(&collector, Setup::in_mode(Mode::Proxy));
    let app = setup.set("ORDERS_DATABASE_URL", "postgres://me@127.0.0.1:1/orders").start().await;
    let caller = app.user("buyer").with("traceparent", TRACE);
    assert_eq!(caller.get("/api/products").await.status, 503);
    let failed = span(&app, &collector, "ListProducts").await;
    assert_eq!((failed.status.code, failed.attribute("outcome")), (Some(2), Some("failed")));
    let (began, ended) = failed.nanoseconds();
    let mut heard = EventLog::default();
    let mut app = app;
    heard.until(&mut app, "the last line", |heard| !heard.ended().is_empty()).await;
    let told = heard.events("invocation-ended");
    let told = told.iter().find(|line| line["function"] == "ListProducts").expect("it ended");
    let lasted = told["duration_ms"].as_u64().expect("milliseconds");
    assert!((ended - began) / 1_000_000 >= lasted.saturating_sub(1), "{lasted} ms: {failed:?}");
    assert_eq!((told.get("span_id"), told.get("parent_span_id")), (None, None), "lines tell the trace alone");
}

#[tokio::test]
async fn a_failing_collector_changes_no_response() {
    let collector = collector().await;
    let mut app = before(&collector, Setup::in_mode(Mode::Proxy)).start().await;
    let caller = app.user("buyer");
    for says in [
        BackendResponse::Status(400),
        BackendResponse::Status(401),
        BackendResponse::Status(500),
        BackendResponse::Status(503),
        BackendResponse::Redirect("http://127.0.0.1:1/v1/traces".to_owned()),
        BackendResponse::WithBody(1024 * 1024),
        BackendResponse::Nothing,
    ] {
        collector.respond_with(says.clone());
        let before = collector.requests().len();
        for _ in 0..5 {
            let answered = tokio::time::timeout(Duration::from_secs(2), caller.get("/api/products")).await;
            assert_eq!(answered.expect("no call waits for the collector").status, 200, "{says:?}");
        }
        app.eventually("the collector is asked", SOON, async || collector.requests().len() > before).await;
    }
    drop(collector);
    assert_eq!(caller.get("/api/products").await.status, 200);
    end(&app);
    let mut heard = EventLog::default();
    heard.until(&mut app, "what is lost", |heard| !heard.events("spans-dropped").is_empty()).await;
    let told = heard.events("spans-dropped");
    assert!(
        told.iter().all(|line| line["level"] == "WARN" && line.get("invocation_id").is_none()),
        "{told:?}"
    );
    assert!(told[0]["dropped"].as_u64().is_some_and(|dropped| dropped > 0), "{told:?}");
}

#[tokio::test]
async fn pending_spans_are_flushed_at_shutdown() {
    let collector = collector().await;
    let app = before(&collector, Setup::in_mode(Mode::Proxy)).start().await;
    let caller = app.user("buyer").with("traceparent", TRACE);
    assert_eq!(caller.get("/api/products").await.status, 200);
    end(&app);
    span(&app, &collector, "ListProducts").await;
}

#[tokio::test]
async fn collector_headers_are_sent_with_every_batch() {
    let collector = collector().await;
    let setup = before(&collector, Setup::in_mode(Mode::Proxy));
    let app = setup.set("OTEL_EXPORTER_OTLP_HEADERS", "api-key=hunter2,x-team=a%20b").start().await;
    assert_eq!(app.user("buyer").get("/api/products").await.status, 200);
    app.eventually("a batch", SOON, async || !collector.requests().is_empty()).await;
    for asked in collector.requests() {
        assert_eq!(asked.headers["api-key"], "hunter2");
        assert_eq!(asked.headers["x-team"], "a b");
    }
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
