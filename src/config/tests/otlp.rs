//! What is exported, and where to.

use std::time::Duration;

use super::*;
use crate::telemetry::otlp::{
    Collector, Compression, IdentityFiles, MetricTemporality, OtlpSettings, PemFile, Protocol,
    SamplerSettings,
};

const ENDPOINT: &str = "OTEL_EXPORTER_OTLP_ENDPOINT";
const HEADERS: &str = "OTEL_EXPORTER_OTLP_HEADERS";
const PROTOCOL: &str = "OTEL_EXPORTER_OTLP_PROTOCOL";
const SAMPLER: &str = "OTEL_TRACES_SAMPLER";
const ARGUMENT: &str = "OTEL_TRACES_SAMPLER_ARG";
const THERE: (&str, &str) = (ENDPOINT, "https://collector.example");

fn otlp(more: &[(&'static str, &'static str)]) -> Option<OtlpSettings> {
    read(&local_with(more), DATABASE_ONLY).unwrap().otlp
}

/// The collector of spans, where there is one.
fn collector(more: &[(&'static str, &'static str)]) -> Collector {
    let there: Vec<_> = [THERE].into_iter().chain(more.iter().copied()).collect();
    otlp(&there).unwrap().traces.unwrap().collector
}

#[test]
fn without_a_collector_nothing_is_exported() {
    assert!(otlp(&[]).is_none());
    assert!(
        otlp(&[(PROTOCOL, "grpc"), (HEADERS, "nonsense"), ("OTEL_BSP_MAX_QUEUE_SIZE", "many")]).is_none(),
        "the host may have asked for that"
    );
    for off in ["true", "TRUE"] {
        assert!(otlp(&[THERE, ("OTEL_SDK_DISABLED", off)]).is_none(), "{off}");
    }
    assert!(otlp(&[THERE, ("OTEL_SDK_DISABLED", "false")]).is_some());
}

#[test]
fn each_signal_is_exported_where_it_has_a_collector() {
    let exported = |more: &[(&'static str, &'static str)]| {
        otlp(more).map(|settings| (settings.traces.is_some(), settings.metrics.is_some()))
    };
    let (none, traces, metrics) = (
        |name| (name, "none"),
        ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "https://traces.example"),
        ("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", "https://metrics.example"),
    );
    assert_eq!(exported(&[THERE]), Some((true, true)));
    assert_eq!(exported(&[traces]), Some((true, false)));
    assert_eq!(exported(&[metrics]), Some((false, true)));
    assert_eq!(exported(&[THERE, none("OTEL_TRACES_EXPORTER")]), Some((false, true)));
    assert_eq!(exported(&[THERE, none("OTEL_METRICS_EXPORTER")]), Some((true, false)));
    assert_eq!(exported(&[THERE, none("OTEL_TRACES_EXPORTER"), none("OTEL_METRICS_EXPORTER")]), None);
    assert_eq!(exported(&[traces, none("OTEL_TRACES_EXPORTER")]), None);
}

#[test]
fn metrics_are_sent_once_a_minute_unless_something_else_is_set() {
    let settings = otlp(&[THERE]).unwrap().metrics.unwrap();
    assert_eq!(settings.collector.endpoint.as_str(), "https://collector.example/v1/metrics");
    assert_eq!(
        (settings.interval, settings.export_timeout, settings.temporality),
        (Duration::from_mins(1), Duration::from_secs(30), MetricTemporality::Cumulative)
    );
    let settings = otlp(&[
        THERE,
        ("OTEL_METRIC_EXPORT_INTERVAL", "1000"),
        ("OTEL_METRIC_EXPORT_TIMEOUT", "500"),
        ("OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE", "delta"),
        ("OTEL_EXPORTER_OTLP_METRICS_PROTOCOL", "http/json"),
    ]);
    let settings = settings.unwrap().metrics.unwrap();
    assert_eq!(
        (settings.interval, settings.export_timeout, settings.temporality),
        (Duration::from_secs(1), Duration::from_millis(500), MetricTemporality::Delta)
    );
    assert_eq!(settings.collector.protocol, Protocol::HttpJson);
}

#[test]
fn spans_go_below_the_address_of_the_collector() {
    for (endpoint, address) in [
        ("https://collector.example", "https://collector.example/v1/traces"),
        ("https://collector.example:4318/otlp/", "https://collector.example:4318/otlp/v1/traces"),
        ("http://127.0.0.1:4318", "http://127.0.0.1:4318/v1/traces"),
        ("http://localhost:4318", "http://localhost:4318/v1/traces"),
    ] {
        let settings = otlp(&[(ENDPOINT, endpoint)]).unwrap().traces.unwrap().collector;
        assert_eq!(settings.endpoint.as_str(), address);
        assert!(settings.headers.is_empty());
    }
}

#[test]
fn a_setting_for_traces_counts_before_the_one_for_all() {
    let own = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "https://traces.example/spans");
    assert_eq!(collector(&[own]).endpoint.as_str(), "https://traces.example/spans", "its path is whole");
    assert_eq!(
        otlp(&[own]).unwrap().traces.unwrap().collector.endpoint.as_str(),
        "https://traces.example/spans"
    );
    let settings = collector(&[
        (PROTOCOL, "http/protobuf"),
        ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "http/json"),
        ("OTEL_EXPORTER_OTLP_COMPRESSION", "none"),
        ("OTEL_EXPORTER_OTLP_TRACES_COMPRESSION", "gzip"),
        ("OTEL_EXPORTER_OTLP_TIMEOUT", "1000"),
        ("OTEL_EXPORTER_OTLP_TRACES_TIMEOUT", "2000"),
        (HEADERS, "a=1,b=2"),
        ("OTEL_EXPORTER_OTLP_TRACES_HEADERS", "b=3"),
        ("OTEL_EXPORTER_OTLP_CERTIFICATE", "/all.pem"),
        ("OTEL_EXPORTER_OTLP_TRACES_CERTIFICATE", "/traces.pem"),
    ]);
    assert_eq!((settings.protocol, settings.compression), (Protocol::HttpJson, Compression::Gzip));
    assert_eq!(settings.timeout, Duration::from_secs(2));
    assert_eq!(settings.headers.iter().collect::<Vec<_>>(), [(&"b".parse().unwrap(), &"3".parse().unwrap())]);
    let traces = PemFile { setting: "OTEL_EXPORTER_OTLP_TRACES_CERTIFICATE", path: "/traces.pem".into() };
    assert_eq!(settings.certificate, Some(traces));
}

#[test]
fn a_collector_alone_has_the_defaults() {
    let settings = otlp(&[THERE]).unwrap();
    let traces = settings.traces.unwrap();
    let collector = traces.collector;
    assert_eq!((collector.protocol, collector.compression), (Protocol::HttpProtobuf, Compression::None));
    assert_eq!((collector.timeout, collector.certificate), (Duration::from_secs(5), None));
    assert_eq!(collector.identity, None);
    let batch = traces.batch;
    assert_eq!((batch.delay, batch.max_queued, batch.max_batch), (Duration::from_secs(5), 2048, 512));
    assert_eq!(batch.export_timeout, None);
}

#[test]
fn every_sampler_of_the_specification_is_known() {
    let sampler = |more: &[(&'static str, &'static str)]| {
        let there: Vec<_> = [THERE].into_iter().chain(more.iter().copied()).collect();
        let SamplerSettings { is_parent_based, ratio } = otlp(&there).unwrap().traces.unwrap().sampler;
        (is_parent_based, ratio)
    };
    assert_eq!(sampler(&[]), (true, 1.0));
    assert_eq!(sampler(&[(SAMPLER, "always_on")]), (false, 1.0));
    assert_eq!(sampler(&[(SAMPLER, "always_off")]), (false, 0.0));
    assert_eq!(sampler(&[(SAMPLER, "traceidratio")]), (false, 1.0));
    assert_eq!(sampler(&[(SAMPLER, "traceidratio"), (ARGUMENT, "0.25")]), (false, 0.25));
    assert_eq!(sampler(&[(SAMPLER, "parentbased_always_on")]), (true, 1.0));
    assert_eq!(sampler(&[(SAMPLER, "parentbased_always_off")]), (true, 0.0));
    assert_eq!(sampler(&[(SAMPLER, "parentbased_traceidratio"), (ARGUMENT, "0")]), (true, 0.0));
    for (kind, argument) in
        [("traceidratio", "1.1"), ("traceidratio", "-0.1"), ("traceidratio", "NaN"), ("always_on", "0.5")]
    {
        let environment = local_with(&[THERE, (SAMPLER, kind), (ARGUMENT, argument)]);
        assert_eq!(settings_with_errors(&environment, DATABASE_ONLY), [ARGUMENT], "{kind} {argument}");
    }
    for kind in ["jaeger_remote", "xray", "on"] {
        let environment = local_with(&[THERE, (SAMPLER, kind)]);
        assert_eq!(settings_with_errors(&environment, DATABASE_ONLY), [SAMPLER], "{kind}");
    }
}

#[test]
fn batches_are_what_is_set() {
    let batch = |more: &[(&'static str, &'static str)]| {
        let there: Vec<_> = [THERE].into_iter().chain(more.iter().copied()).collect();
        otlp(&there).unwrap().traces.unwrap().batch
    };
    let all = batch(&[
        ("OTEL_BSP_SCHEDULE_DELAY", "200"),
        ("OTEL_BSP_MAX_QUEUE_SIZE", "100"),
        ("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "10"),
        ("OTEL_BSP_EXPORT_TIMEOUT", "30000"),
    ]);
    assert_eq!((all.delay, all.max_queued, all.max_batch), (Duration::from_millis(200), 100, 10));
    assert_eq!(all.export_timeout, Some(Duration::from_secs(30)));
    assert_eq!(batch(&[("OTEL_BSP_MAX_QUEUE_SIZE", "100")]).max_batch, 100, "no batch is above the queue");
    for (name, value) in [
        ("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "4000"),
        ("OTEL_BSP_MAX_QUEUE_SIZE", "0"),
        ("OTEL_BSP_SCHEDULE_DELAY", "5s"),
        ("OTEL_BSP_EXPORT_TIMEOUT", "0"),
        ("OTEL_EXPORTER_OTLP_TIMEOUT", "-1"),
        ("OTEL_EXPORTER_OTLP_COMPRESSION", "zstd"),
        ("OTEL_TRACES_EXPORTER", "console"),
        ("OTEL_SDK_DISABLED", "yes"),
        ("OTEL_RESOURCE_ATTRIBUTES", "novalue"),
    ] {
        assert_eq!(settings_with_errors(&local_with(&[THERE, (name, value)]), DATABASE_ONLY), [name]);
    }
}

#[test]
fn the_service_name_counts_before_an_attribute() {
    let name = |more: &[(&'static str, &'static str)]| {
        let there: Vec<_> = [THERE].into_iter().chain(more.iter().copied()).collect();
        let named: BTreeMap<_, _> = otlp(&there).unwrap().resource.into_iter().collect();
        assert_eq!(named["service.version"], env!("CARGO_PKG_VERSION"));
        named
    };
    let attributes = ("OTEL_RESOURCE_ATTRIBUTES", "service.name=a%20shop, deployment.environment.name=test");
    assert_eq!(name(&[])["service.name"], "orders-worker");
    assert_eq!(name(&[attributes])["service.name"], "a shop");
    assert_eq!(name(&[attributes])["deployment.environment.name"], "test");
    assert_eq!(name(&[attributes, ("OTEL_SERVICE_NAME", "shop")])["service.name"], "shop");
}

#[test]
fn collector_urls_need_tls_and_hold_no_secret() {
    for endpoint in [
        "http://collector.example:4318",
        "http://10.0.0.1:4318",
        "collector.example:4318",
        "https://me:hunter2@collector.example",
        "https://collector.example?key=hunter2",
        "grpc://collector.example",
    ] {
        let environment = local_with(&[(ENDPOINT, endpoint)]);
        assert_eq!(settings_with_errors(&environment, DATABASE_ONLY), [ENDPOINT], "{endpoint}");
        assert!(!error_message(&environment, DATABASE_ONLY).contains("hunter2"), "{endpoint}");
    }
}

#[test]
fn a_client_certificate_comes_with_its_key() {
    let (certificate, key) = ("OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE", "OTEL_EXPORTER_OTLP_CLIENT_KEY");
    let own_key = "OTEL_EXPORTER_OTLP_TRACES_CLIENT_KEY";
    let file = |setting: &'static str, path: &str| PemFile { setting, path: path.into() };
    let settings = collector(&[(certificate, "/client.pem"), (key, "/client.key"), (own_key, "/traces.key")]);
    let identity =
        IdentityFiles { certificate: file(certificate, "/client.pem"), key: file(own_key, "/traces.key") };
    assert_eq!(settings.identity, Some(identity));
    for (set, wrong) in [
        (&[THERE, (certificate, "/client.pem")][..], key),
        (&[THERE, (key, "/client.key")], key),
        (&[THERE, (own_key, "/client.key")], own_key),
        (
            &[(ENDPOINT, "http://127.0.0.1:4318"), (certificate, "/client.pem"), (key, "/client.key")],
            certificate,
        ),
    ] {
        let environment = local_with(set);
        let wrong_settings = settings_with_errors(&environment, DATABASE_ONLY);
        assert_eq!(wrong_settings, [wrong]);
    }
}

#[test]
fn an_unsupported_otlp_protocol_stops_the_start() {
    for (protocol, read) in [("http/protobuf", Protocol::HttpProtobuf), ("http/json", Protocol::HttpJson)] {
        assert_eq!(collector(&[(PROTOCOL, protocol)]).protocol, read);
    }
    for protocol in ["http/xml", "HTTP/JSON", "gRPC"] {
        let environment = local_with(&[THERE, (PROTOCOL, protocol)]);
        assert!(error_message(&environment, DATABASE_ONLY).contains("`http/json`"), "{protocol}");
    }
}

#[cfg(not(feature = "otlp-grpc"))]
#[test]
fn a_program_without_grpc_names_the_feature_that_it_lacks() {
    let environment = local_with(&[THERE, (PROTOCOL, "grpc")]);
    let error = error_message(&environment, DATABASE_ONLY);
    assert!(error.contains("`otlp-grpc`") && error.contains("`http/protobuf`"), "{error}");
}

#[cfg(feature = "otlp-grpc")]
#[test]
fn grpc_has_paths_of_its_own() {
    let grpc = (PROTOCOL, "grpc");
    let (traces, metrics) = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT");
    for (name, endpoint) in
        [(ENDPOINT, "https://collector.example:4317"), (traces, "https://collector.example:4317/")]
    {
        let collector = otlp(&[grpc, (name, endpoint)]).unwrap().traces.unwrap().collector;
        let method = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";
        assert_eq!(collector.endpoint.as_str(), format!("https://collector.example:4317{method}"));
        assert_eq!(collector.protocol, Protocol::Grpc);
    }
    let collector = otlp(&[grpc, (metrics, "http://127.0.0.1:4317")]).unwrap().metrics.unwrap().collector;
    let method = "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export";
    assert_eq!(collector.endpoint.as_str(), format!("http://127.0.0.1:4317{method}"));
    for name in [ENDPOINT, traces, metrics] {
        let environment = local_with(&[grpc, (name, "https://collector.example/otlp")]);
        assert_eq!(settings_with_errors(&environment, DATABASE_ONLY), [name]);
        assert!(error_message(&environment, DATABASE_ONLY).contains("for `grpc` without a path"));
    }
}

#[test]
fn headers_are_understood_whole_and_never_shown() {
    let settings = collector(&[(HEADERS, "api-key=hunter2, X-Team = a%20b")]);
    assert_eq!(
        (&settings.headers["api-key"], &settings.headers["x-team"]),
        (&"hunter2".parse().unwrap(), &"a b".parse().unwrap())
    );
    assert!(!format!("{settings:?}").contains("hunter2"));
    for headers in [
        "hunter2",
        "=hunter2",
        "a=hunter2,",
        "a b=hunter2",
        "a=hunter2%0d%0ab: c",
        "host=hunter2",
        "Content-Type=hunter2",
    ] {
        let environment = local_with(&[THERE, (HEADERS, headers)]);
        assert_eq!(settings_with_errors(&environment, DATABASE_ONLY), [HEADERS], "{headers}");
        assert!(!error_message(&environment, DATABASE_ONLY).contains("hunter2"), "{headers}");
    }
}
