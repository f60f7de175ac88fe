//! What is counted, as a collector reads it.

use std::collections::BTreeSet;

use opentelemetry_proto::tonic::{
    collector::metrics::v1::ExportMetricsServiceRequest,
    common::v1::{KeyValue, any_value::Value},
    metrics::v1::{Metric, metric::Data},
};

use super::*;

/// The only attributes that a metric may have.
const ATTRIBUTES: [&str; 7] = [
    "faas.name",
    "faas.trigger",
    "http.request.method",
    "http.response.status_code",
    "http.route",
    "outcome",
    "reason",
];

fn settings(port: u16) -> OtlpSettings {
    let collector = Collector {
        endpoint: format!("http://127.0.0.1:{port}/v1/metrics").parse().unwrap(),
        headers: reqwest::header::HeaderMap::new(),
        protocol: Protocol::HttpProtobuf,
        compression: Compression::None,
        timeout: Duration::from_secs(5),
        certificate: None,
        identity: None,
    };
    let metrics = MetricSettings {
        collector,
        interval: Duration::from_mins(1),
        export_timeout: Duration::from_secs(30),
        temporality: MetricTemporality::Cumulative,
    };
    OtlpSettings { resource: Vec::new(), traces: None, metrics: Some(metrics) }
}

fn functions() -> FunctionAttributes {
    let http = [("http.route", "/api/orders/{id}".to_owned()), ("http.request.method", "GET".to_owned())];
    vec![("GetOrder", http.to_vec()), ("FulfilOrder", vec![("messaging.system", "any".to_owned())])]
}

/// Each series of a metric: its attributes, and its count or value.
fn series(metric: &Metric) -> Vec<(Vec<KeyValue>, i64)> {
    use opentelemetry_proto::tonic::metrics::v1::number_data_point::Value as Number;
    let number = |value: &Option<Number>| match value {
        Some(Number::AsInt(number)) => *number,
        other => panic!("{other:?}"),
    };
    match metric.data.as_ref().unwrap() {
        Data::Sum(sum) => {
            sum.data_points.iter().map(|point| (point.attributes.clone(), number(&point.value))).collect()
        }
        Data::Gauge(gauge) => {
            gauge.data_points.iter().map(|point| (point.attributes.clone(), number(&point.value))).collect()
        }
        Data::Histogram(histogram) => histogram
            .data_points
            .iter()
            .map(|point| (point.attributes.clone(), i64::try_from(point.count).unwrap()))
            .collect(),
        other => panic!("{other:?}"),
    }
}

/// The metrics that arrive when the process ends after this work.
async fn metrics_of(work: impl FnOnce()) -> Vec<Metric> {
    let collector = Backend::plain().await.unwrap();
    collector.respond_with(BackendResponse::Status(200));
    let (layer, export) =
        super::super::export(&settings(collector.port()), &functions(), "sqlite", Clock).unwrap();
    let subscriber = Dispatch::new(tracing_subscriber::registry().with(layer));
    tracing::dispatcher::with_default(&subscriber, work);
    export.finish().await;
    let requests = collector.requests();
    assert_eq!(requests.len(), 1, "the last values leave when the process ends");
    assert_eq!(requests[0].line, "POST /v1/metrics");
    let request = ExportMetricsServiceRequest::decode(&requests[0].body[..]).unwrap();
    request.resource_metrics[0].scope_metrics[0].metrics.clone()
}

/// The series of this name.
fn named(metrics: &[Metric], name: &str) -> Vec<(Vec<KeyValue>, i64)> {
    metrics.iter().filter(|metric| metric.name == name).flat_map(series).collect()
}

/// An invocation of this caller, with a name, an id and a path of their own.
fn invoke(number: usize, function: &'static str, trigger: &'static str, status: u16) {
    let span = info_span!(
        "invocation",
        invocation_id = format!("invocation-{number}"),
        function,
        trace_id = format!("{number:032x}"),
        tenant_id = format!("tenant-{number}"),
        object_id = format!("object-{number}"),
        path = format!("/api/orders/{number}"),
        denied = Empty
    );
    if status == 403 {
        span.record("denied", "not-allowed");
    }
    span.in_scope(|| {
        let outcome = if status < 400 { "ok" } else { "refused" };
        Event::InvocationEnded { trigger, outcome, status, duration_ms: 1 }.log();
    });
}

#[tokio::test]
async fn ten_thousand_callers_make_no_series_of_their_own() {
    let metrics = metrics_of(|| {
        for number in 0..10_000 {
            invoke(number, "GetOrder", "http", [200, 403, 404, 429][number % 4]);
            invoke(number, "FulfilOrder", "queue", 200);
        }
        invoke(10_000, "", "http", 404);
    })
    .await;
    let all: Vec<_> = metrics.iter().flat_map(series).collect();
    assert!(all.len() < 30, "{} series", all.len());
    let keys: BTreeSet<_> =
        all.iter().flat_map(|(attributes, _)| attributes).map(|it| it.key.as_str()).collect();
    assert!(keys.is_subset(&BTreeSet::from(ATTRIBUTES)), "{keys:?}");
    let texts = all.iter().flat_map(|(attributes, _)| attributes).filter_map(|attribute| {
        match attribute.value.clone()?.value? {
            Value::StringValue(text) => Some(text),
            _ => None,
        }
    });
    for text in texts {
        assert!(!text.contains(|letter: char| letter.is_ascii_digit()), "{text} names somebody or something");
    }

    let total = |name: &str| named(&metrics, name).iter().map(|(_, value)| value).sum::<i64>();
    assert_eq!(total("faas.invocations"), 20_001);
    assert_eq!(total("faas.invoke_duration"), 20_001);
    assert_eq!(total("http.server.request.duration"), 10_001);
    assert_eq!(total("http.server.active_requests"), 0, "each has ended");
    assert_eq!(total("orders.requests.limited"), 2_500);
    assert_eq!(total("orders.requests.denied"), 2_500);
}

#[tokio::test]
async fn the_gauges_are_those_of_the_log() {
    let metrics = metrics_of(|| {
        info_span!("invocation", function = "RelayOutbox").in_scope(|| {
            crate::telemetry::Event::Metrics {
                oldest_open_seconds: Some(90),
                open_rows: 3,
                open_rows_from_future: 0,
                open_rows_without_backend: 0,
                unreplayed_dead_letters: 2,
                oldest_dead_letter_days: None,
                pool_in_use: 1,
                pool_size: 4,
                certificate_days: Some(29),
                waiting_for_keys: None,
            }
            .log();
        });
    })
    .await;
    for (name, expected) in [
        ("orders.outbox.age", 90),
        ("orders.outbox.rows", 3),
        ("orders.dead_letters", 2),
        ("orders.database.connections.used", 1),
        ("orders.database.connections.max", 4),
        ("orders.certificate.days", 29),
    ] {
        assert_eq!(named(&metrics, name), [(Vec::new(), expected)], "{name}");
    }
}

#[tokio::test]
async fn a_request_under_way_is_active() {
    let metrics = metrics_of(|| {
        let span = info_span!("invocation", function = "GetOrder");
        // It never ends.
        std::mem::forget(span);
    })
    .await;
    let active = named(&metrics, "http.server.active_requests");
    assert_eq!(active.iter().map(|(_, value)| value).sum::<i64>(), 1);
}

#[tokio::test]
async fn metrics_that_do_not_arrive_are_counted() {
    let collector = Backend::plain().await.unwrap();
    collector.respond_with(BackendResponse::Status(404));
    let (layer, export) =
        super::super::export(&settings(collector.port()), &functions(), "sqlite", Clock).unwrap();
    let subscriber = Dispatch::new(tracing_subscriber::registry().with(layer));
    tracing::dispatcher::with_default(&subscriber, || invoke(1, "GetOrder", "http", 200));
    export.close().await;
    let lines = lines(|| export.metrics.as_ref().unwrap().dropped.report());
    assert_eq!((&lines[0]["event"], &lines[0]["dropped"]), (&"metrics-dropped".into(), &1.into()));
    assert!(lines[0]["error"].as_str().unwrap().contains("refuses with status 404"));
}
