//! Running spans, before a collector that answers as configured.

use azure_functions_handler::{PARENT_SPAN_ID, SPAN_ID, event::Event};
use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTracePartialSuccess, ExportTraceServiceRequest, ExportTraceServiceResponse,
};
use prost::Message as _;
use test_servers::{Backend, BackendResponse, TcpProxy, proxy::AcceptMode};
use tracing::{Dispatch, field::Empty, info_span};
use tracing_subscriber::layer::SubscriberExt;

use super::*;
use crate::telemetry::tests::lines;

/// Stamps each promise onto each protocol of this build.
macro_rules! over_every_protocol {
    ($($promise:ident),+ $(,)?) => { $(
        mod $promise {
            use super::Protocol;

            #[tokio::test]
            async fn http_protobuf() {
                super::$promise(Protocol::HttpProtobuf).await;
            }
            #[tokio::test]
            async fn http_json() {
                super::$promise(Protocol::HttpJson).await;
            }
            #[cfg(feature = "otlp-grpc")]
            #[tokio::test]
            async fn grpc() {
                super::$promise(Protocol::Grpc).await;
            }
        }
    )+ };
}

#[cfg(feature = "otlp-grpc")]
mod grpc;
mod identity;
mod metrics;

fn settings(address: &str) -> OtlpSettings {
    OtlpSettings {
        resource: vec![("service.name".to_owned(), "orders-worker".to_owned())],
        traces: Some(TraceSettings {
            collector: Collector {
                endpoint: address.parse().unwrap(),
                headers: reqwest::header::HeaderMap::new(),
                protocol: Protocol::HttpProtobuf,
                compression: Compression::None,
                timeout: Duration::from_secs(5),
                certificate: None,
                identity: None,
            },
            sampler: SamplerSettings { is_parent_based: true, ratio: 1.0 },
            batch: BatchSettings { delay: Duration::from_millis(100), ..BatchSettings::default() },
        }),
        metrics: None,
    }
}

over_every_protocol!(
    queued_spans_are_sent_at_shutdown,
    a_hanging_collector_delays_shutdown_by_two_seconds,
    a_slow_collector_delays_no_invocation,
    dropped_spans_are_counted_with_the_last_error,
    a_retryable_batch_is_sent_again,
    a_batch_expires_after_its_export_timeout,
    an_untrusted_collector_gets_no_spans,
    partially_rejected_batches_are_not_sent_again,
    spans_arrive_within_ten_seconds_of_recovery,
    silent_idle_connections_drop_no_spans,
);

fn at(port: u16, protocol: Protocol) -> OtlpSettings {
    with_protocol(settings(&format!("http://127.0.0.1:{port}/v1/traces")), protocol)
}

fn with_protocol(mut settings: OtlpSettings, protocol: Protocol) -> OtlpSettings {
    if let Some(traces) = &mut settings.traces {
        traces.collector.protocol = protocol;
    }
    settings
}

/// Also what tells how much is dropped.
fn export(settings: &OtlpSettings) -> (TelemetryLayer, Export, Dropped) {
    let (layer, export) = super::export(settings, &FunctionAttributes::new(), "sqlite", Clock).unwrap();
    let dropped = export.traces.as_ref().unwrap().dropped.clone();
    (layer, export, dropped)
}

/// This many invocations, each of which ends.
fn invocations(spans: TelemetryLayer, count: usize) {
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
    let request: ExportTraceServiceRequest = if asked.headers["content-type"] == "application/json" {
        serde_json::from_slice(&asked.body).unwrap()
    } else {
        let message = asked.call_message().map_or(asked.body.clone(), |(_, message)| message);
        ExportTraceServiceRequest::decode(message).unwrap()
    };
    request.resource_spans[0].scope_spans[0].spans.len()
}

/// The one line that counts dropped spans: how many spans, and why.
fn told(dropped_spans: &Dropped) -> Option<(u64, Option<String>)> {
    let lines = lines(|| dropped_spans.report());
    assert!(lines.len() <= 1, "{lines:?}");
    let line = lines.first()?;
    assert_eq!((&line["event"], &line["level"]), (&"spans-dropped".into(), &"WARN".into()));
    Some((line["dropped"].as_u64().unwrap(), line["error"].as_str().map(str::to_owned)))
}

/// Waits until the first attempt has failed.
async fn failure(dropped_spans: &Dropped) -> (u64, Option<String>) {
    let mut look_again = tokio::time::interval(Duration::from_millis(10));
    let failed = async {
        loop {
            if let Some(told) = told(dropped_spans) {
                break told;
            }
            look_again.tick().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), failed).await.expect("it is not sent")
}

async fn queued_spans_are_sent_at_shutdown(protocol: Protocol) {
    let collector = Backend::plain().await.unwrap();
    collector.respond_with(BackendResponse::Status(200));
    let (spans, export, dropped_spans) = export(&at(collector.port(), protocol));
    invocations(spans, 1200);
    export.finish().await;
    let asked = collector.requests();
    assert!(asked.iter().all(|asked| held(asked) <= 512), "no request grows without end");
    assert_eq!(asked.iter().map(held).sum::<usize>(), 1200);
    assert_eq!(told(&dropped_spans), None);
}

async fn a_hanging_collector_delays_shutdown_by_two_seconds(protocol: Protocol) {
    let collector = Backend::plain().await.unwrap();
    collector.respond_with(BackendResponse::Nothing);
    let (spans, export, dropped_spans) = export(&at(collector.port(), protocol));
    invocations(spans, 20_000);
    let (dropped, _) = told(&dropped_spans).unwrap();
    assert_eq!(dropped, 20_000 - 2048, "the queue takes no more than it has room for");
    let start = std::time::Instant::now();
    export.close().await;
    assert!(start.elapsed() < Duration::from_secs(4), "{:?}", start.elapsed());
    let (dropped, _) = told(&dropped_spans).unwrap();
    assert_eq!(dropped, 2048, "what was not sent is counted");
}

async fn a_slow_collector_delays_no_invocation(protocol: Protocol) {
    let collector = Backend::plain().await.unwrap();
    collector.respond_with(BackendResponse::Late(Duration::from_millis(500)));
    let (spans, export, dropped_spans) = export(&at(collector.port(), protocol));
    let start = std::time::Instant::now();
    invocations(spans, 1200);
    assert!(start.elapsed() < Duration::from_secs(30), "{:?}", start.elapsed());
    export.close().await;
    let lost = told(&dropped_spans).map_or(0, |(lost, _)| lost);
    let taken = 1200 - usize::try_from(lost).unwrap();
    // What was broken off at the end may have arrived twice.
    assert!(collector.requests().iter().map(held).sum::<usize>() >= taken);
}

async fn dropped_spans_are_counted_with_the_last_error(protocol: Protocol) {
    for (says, reason) in [
        (BackendResponse::Status(401), "refuses with status 401"),
        (BackendResponse::Status(400), "refuses with status 400"),
        (BackendResponse::Status(500), "refuses with status 500"),
        (BackendResponse::Status(429), "answers with status 429"),
        (BackendResponse::Status(503), "answers with status 503"),
        (BackendResponse::Redirect("https://elsewhere.example".to_owned()), "refuses with status 307"),
    ] {
        let collector = Backend::plain().await.unwrap();
        collector.respond_with(says.clone());
        let (spans, export, dropped_spans) = export(&at(collector.port(), protocol));
        invocations(spans, 7);
        export.close().await;
        let (dropped, error) = told(&dropped_spans).unwrap();
        assert!(dropped == 7 && error.as_ref().is_some_and(|error| error.contains(reason)), "{error:?}");
        assert_eq!(told(&dropped_spans), None, "nothing is told twice");
    }
}

async fn a_retryable_batch_is_sent_again(protocol: Protocol) {
    let collector = Backend::plain().await.unwrap();
    collector.respond_with(BackendResponse::Status(503));
    let (spans, export, dropped_spans) = export(&at(collector.port(), protocol));
    invocations(spans, 3);
    failure(&dropped_spans).await;
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

async fn a_batch_expires_after_its_export_timeout(protocol: Protocol) {
    let collector = Backend::plain().await.unwrap();
    collector.respond_with(BackendResponse::Status(503));
    let mut settings = at(collector.port(), protocol);
    // The pause before the second attempt is longer than the time that the batch has.
    settings.traces.as_mut().unwrap().batch.export_timeout = Some(Duration::from_millis(300));
    let (spans, export, dropped_spans) = export(&settings);
    invocations(spans, 3);
    let (mut dropped, mut errors) = (0, Vec::new());
    while dropped < 3 {
        let (more, error) = failure(&dropped_spans).await;
        dropped += more;
        errors.extend(error);
    }
    let has_expired = errors.iter().any(|error| error.contains("OTEL_BSP_EXPORT_TIMEOUT"));
    assert!(dropped == 3 && has_expired, "{errors:?}");
    assert!(collector.requests().len() < 2, "it was not sent again");
    export.close().await;
}

async fn an_untrusted_collector_gets_no_spans(protocol: Protocol) {
    let authority = test_servers::Authority::new("tests").unwrap();
    let shown = authority.issue(&test_servers::Leaf::server(&["127.0.0.1"])).unwrap();
    let collector = Backend::start(&shown, authority.certificate()).await.unwrap();
    let address = format!("https://127.0.0.1:{}/v1/traces", collector.port());
    let (spans, export, dropped_spans) = export(&with_protocol(settings(&address), protocol));
    invocations(spans, 1);
    export.close().await;
    let (dropped, error) = told(&dropped_spans).unwrap();
    assert!(dropped == 1 && error.is_some_and(|error| error.starts_with("the collector does not answer")));
    assert!(collector.requests().is_empty());
}

async fn partially_rejected_batches_are_not_sent_again(protocol: Protocol) {
    let json = |rejected: &str| {
        format!(r#"{{"partialSuccess":{{"rejectedSpans":{rejected},"errorMessage":"hunter2"}}}}"#)
            .into_bytes()
    };
    let partial_success =
        ExportTracePartialSuccess { rejected_spans: 2, error_message: "hunter2".to_owned() };
    let answers = match protocol {
        Protocol::HttpJson => vec![json(r#""2""#), json("2")],
        _ => vec![ExportTraceServiceResponse { partial_success: Some(partial_success) }.encode_to_vec()],
    };
    for answer in answers {
        let collector = Backend::plain().await.unwrap();
        collector.respond_with(BackendResponse::Message(answer));
        let (spans, export, dropped_spans) = export(&at(collector.port(), protocol));
        invocations(spans, 7);
        export.close().await;
        let (dropped, error) = told(&dropped_spans).unwrap();
        assert!(
            dropped == 2
                && error.is_some_and(|error| error.contains("in part") && !error.contains("hunter2"))
        );
        assert!(collector.requests().len() == 1, "it was sent once");
    }
}

async fn spans_arrive_within_ten_seconds_of_recovery(protocol: Protocol) {
    let collector = Backend::plain().await.unwrap();
    let proxy = TcpProxy::start(([127, 0, 0, 1], collector.port()).into()).await.unwrap();
    proxy.set_accept_mode(AcceptMode::Silent).await;
    let (spans, export, dropped_spans) = export(&at(proxy.port(), protocol));
    invocations(spans, 3);
    // The first attempt has failed, so the batch is on its way.
    failure(&dropped_spans).await;
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

async fn silent_idle_connections_drop_no_spans(protocol: Protocol) {
    let collector = Backend::plain().await.unwrap();
    let proxy = TcpProxy::start(([127, 0, 0, 1], collector.port()).into()).await.unwrap();
    let (spans, export, _) = export(&at(proxy.port(), protocol));
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
    let dropped_spans = Dropped::new(Signal::Spans);
    tokio::spawn(dropped_spans.clone().report_periodically());
    dropped_spans.add(1);
    tokio::time::sleep(Duration::from_secs(59)).await;
    assert_eq!(told(&dropped_spans), Some((1, None)), "no event has told it yet");
    dropped_spans.add(1);
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert_eq!(told(&dropped_spans), None, "it was told");
}
