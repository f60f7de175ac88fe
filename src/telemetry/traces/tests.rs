//! Running spans, before a collector that answers as configured.

use axum::Router;
use azure_functions_handler::{PARENT_SPAN_ID, SPAN_ID, event::Event};
use test_servers::{Backend, BackendResponse, TcpProxy, proxy::AcceptMode};
use tokio::net::TcpListener;
use tracing::{Dispatch, field::Empty, info_span};
use tracing_subscriber::layer::SubscriberExt;

use super::*;
use crate::telemetry::tests::lines;

fn settings(address: &str) -> TraceSettings {
    TraceSettings {
        endpoint: address.parse().unwrap(),
        headers: reqwest::header::HeaderMap::new(),
        service: "orders-worker".to_owned(),
    }
}

fn at(port: u16) -> TraceSettings {
    settings(&format!("http://127.0.0.1:{port}/v1/traces"))
}

/// This many invocations, each of which ends.
fn invocations(spans: SpanLayer, count: usize) {
    more_invocations(&Dispatch::new(tracing_subscriber::registry().with(spans)), count);
}

fn more_invocations(subscriber: &Dispatch, count: usize) {
    tracing::dispatcher::with_default(subscriber, || {
        for _ in 0..count {
            let span = info_span!(
                "invocation",
                invocation_id = "i-1",
                function = "Any",
                trace_id = "4bf92f3577b34da6a3ce929d0e0e4736",
                span_id = Empty,
                parent_span_id = Empty
            );
            span.record(SPAN_ID, "00f067aa0ba902b7");
            span.record(PARENT_SPAN_ID, "b7ad6b7169203331");
            span.in_scope(|| {
                Event::InvocationEnded { trigger: "http", outcome: "ok", status: 200, duration_ms: 1 }.log();
            });
        }
    });
}

/// How many spans a request holds.
fn held(asked: &test_servers::ReceivedRequest) -> usize {
    let document: serde_json::Value = serde_json::from_slice(&asked.body).unwrap();
    document["resourceSpans"][0]["scopeSpans"][0]["spans"].as_array().unwrap().len()
}

/// The one line that counts dropped spans: how many spans, and why.
fn told(dropped_spans: &DroppedSpans) -> Option<(u64, Option<String>)> {
    let lines = lines(|| dropped_spans.report());
    assert!(lines.len() <= 1, "{lines:?}");
    let line = lines.first()?;
    assert_eq!((&line["event"], &line["level"]), (&"spans-dropped".into(), &"WARN".into()));
    Some((line["dropped"].as_u64().unwrap(), line["error"].as_str().map(str::to_owned)))
}

#[tokio::test]
async fn queued_spans_are_sent_at_shutdown() {
    let collector = Backend::plain().await.unwrap();
    collector.respond_with(BackendResponse::Status(200));
    let (spans, export) = export(at(collector.port()), Clock).unwrap();
    let dropped_spans = export.dropped_spans.clone();
    invocations(spans, 1200);
    export.finish().await;
    let asked = collector.requests();
    assert!(asked.iter().all(|asked| held(asked) <= 512), "no request grows without end");
    assert_eq!(asked.iter().map(held).sum::<usize>(), 1200);
    assert_eq!(told(&dropped_spans), None);
}

#[tokio::test]
async fn a_hanging_collector_delays_shutdown_by_two_seconds() {
    let collector = Backend::plain().await.unwrap();
    collector.respond_with(BackendResponse::Nothing);
    let (spans, export) = export(at(collector.port()), Clock).unwrap();
    let dropped_spans = export.dropped_spans.clone();
    invocations(spans, 100_000);
    let (dropped, _) = told(&dropped_spans).unwrap();
    assert_eq!(dropped, 100_000 - MAX_QUEUED_SPANS as u64, "the queue takes no more than it has room for");
    let start = std::time::Instant::now();
    export.finish().await;
    assert!(start.elapsed() < Duration::from_secs(4), "{:?}", start.elapsed());
}

#[tokio::test]
async fn dropped_spans_are_counted_with_the_last_error() {
    for (says, reason) in [
        (BackendResponse::Status(401), "refuses with status 401"),
        (BackendResponse::Status(400), "refuses with status 400"),
        (BackendResponse::Status(500), "refuses with status 500"),
        (BackendResponse::Status(503), "answers with status 503"),
        (BackendResponse::Redirect("https://elsewhere.example".to_owned()), "refuses with status 307"),
    ] {
        let collector = Backend::plain().await.unwrap();
        collector.respond_with(says);
        let (spans, export) = export(at(collector.port()), Clock).unwrap();
        let dropped_spans = export.dropped_spans.clone();
        invocations(spans, 7);
        export.stop.send_replace(true);
        export.task.await.unwrap();
        let (dropped, error) = told(&dropped_spans).unwrap();
        assert!(dropped == 7 && error.as_ref().is_some_and(|error| error.contains(reason)), "{error:?}");
        assert_eq!(told(&dropped_spans), None, "nothing is told twice");
    }
}

#[tokio::test]
async fn a_retryable_batch_is_sent_again() {
    let collector = Backend::plain().await.unwrap();
    collector.respond_with(BackendResponse::Status(503));
    let (spans, export) = export(at(collector.port()), Clock).unwrap();
    let dropped_spans = export.dropped_spans.clone();
    invocations(spans, 3);
    let failed = async {
        let mut look_again = tokio::time::interval(Duration::from_millis(10));
        while told(&dropped_spans).is_none() {
            look_again.tick().await;
        }
    };
    assert!(tokio::time::timeout(Duration::from_secs(10), failed).await.is_ok(), "it is not sent");
    let before = collector.requests().len();
    collector.respond_with(BackendResponse::Status(200));
    while collector.requests().len() == before {
        collector.wait_for_request().await;
    }
    export.finish().await;
    // A request that the end breaks off is sent once more.
    assert!(collector.requests().iter().all(|asked| held(asked) == 3));
    assert_eq!(told(&dropped_spans), None, "nothing is lost");
}

#[tokio::test]
async fn an_untrusted_collector_gets_no_spans() {
    let authority = test_servers::Authority::new("tests").unwrap();
    let shown = authority.issue(&test_servers::Leaf::server(&["127.0.0.1"])).unwrap();
    let collector = Backend::start(&shown, authority.certificate()).await.unwrap();
    let address = format!("https://127.0.0.1:{}/v1/traces", collector.port());
    let (spans, export) = export(settings(&address), Clock).unwrap();
    let dropped_spans = export.dropped_spans.clone();
    invocations(spans, 1);
    export.stop.send_replace(true);
    export.task.await.unwrap();
    let (dropped, error) = told(&dropped_spans).unwrap();
    assert!(dropped == 1 && error.is_some_and(|error| error.starts_with("the collector does not answer")));
    assert!(collector.requests().is_empty());
}

#[tokio::test]
async fn partially_rejected_batches_are_not_sent_again() {
    for rejected in [r#""2""#, "2"] {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let answer =
            format!(r#"{{"partialSuccess":{{"rejectedSpans":{rejected},"errorMessage":"hunter2"}}}}"#);
        let routes = Router::new().fallback(async move || answer);
        tokio::spawn(async { axum::serve(listener, routes).await });
        let (spans, export) = export(at(port), Clock).unwrap();
        let dropped_spans = export.dropped_spans.clone();
        invocations(spans, 7);
        export.stop.send_replace(true);
        export.task.await.unwrap();
        let (dropped, error) = told(&dropped_spans).unwrap();
        assert!(
            dropped == 2
                && error.is_some_and(|error| error.contains("in part") && !error.contains("hunter2"))
        );
    }
}

#[tokio::test]
async fn spans_arrive_within_ten_seconds_of_recovery() {
    let collector = Backend::plain().await.unwrap();
    let proxy = TcpProxy::start(([127, 0, 0, 1], collector.port()).into()).await.unwrap();
    proxy.set_accept_mode(AcceptMode::Silent).await;
    let (spans, export) = export(at(proxy.port()), Clock).unwrap();
    invocations(spans, 3);
    // It is silent for long: time does not wait for it.
    tokio::time::pause();
    tokio::time::sleep(Duration::from_secs(100)).await;
    tokio::time::resume();
    proxy.set_accept_mode(AcceptMode::Open).await;
    let called = tokio::time::timeout(Duration::from_secs(10), collector.wait_for_request()).await;
    assert!(called.is_ok(), "it is not asked again");
    export.finish().await;
    assert!(collector.requests().iter().all(|asked| held(asked) == 3));
}

#[tokio::test]
async fn silent_idle_connections_drop_no_spans() {
    let collector = Backend::plain().await.unwrap();
    let proxy = TcpProxy::start(([127, 0, 0, 1], collector.port()).into()).await.unwrap();
    let (spans, export) = export(at(proxy.port()), Clock).unwrap();
    let subscriber = Dispatch::new(tracing_subscriber::registry().with(spans));
    let took = || {
        more_invocations(&subscriber, 3);
        tokio::time::timeout(Duration::from_secs(10), collector.wait_for_request())
    };
    assert!(took().await.is_ok() && proxy.counts().open > 0, "{:?}", proxy.counts());
    // The answer arrives.
    tokio::time::sleep(Duration::from_millis(500)).await;
    proxy.silence();
    // Connections that have not been used for so long are not used again.
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert!(took().await.is_ok(), "it waits for a connection that is silent");
    export.finish().await;
    assert!(collector.requests().iter().all(|asked| held(asked) == 3));
}

#[tokio::test(start_paused = true)]
async fn dropped_spans_are_reported_once_a_minute() {
    let dropped_spans = DroppedSpans::default();
    tokio::spawn(dropped_spans.clone().report_periodically());
    dropped_spans.add(1);
    tokio::time::sleep(Duration::from_secs(59)).await;
    assert_eq!(told(&dropped_spans), Some((1, None)), "no event has told it yet");
    dropped_spans.add(1);
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert_eq!(told(&dropped_spans), None, "it was told");
}
