//! Where spans go.

use super::*;
use crate::telemetry::traces::TraceSettings;

const ENDPOINT: &str = "OTEL_EXPORTER_OTLP_ENDPOINT";
const HEADERS: &str = "OTEL_EXPORTER_OTLP_HEADERS";
const PROTOCOL: &str = "OTEL_EXPORTER_OTLP_PROTOCOL";
const THERE: (&str, &str) = (ENDPOINT, "https://collector.example");

fn traces(more: &[(&'static str, &'static str)]) -> Option<TraceSettings> {
    read(&local_with(more), DATABASE_ONLY).unwrap().traces
}

#[test]
fn without_a_collector_no_spans_are_exported() {
    assert!(traces(&[]).is_none());
    assert!(
        traces(&[(PROTOCOL, "grpc"), (HEADERS, "nonsense")]).is_none(),
        "the host may have asked for that"
    );
}

#[test]
fn spans_go_below_the_address_of_the_collector() {
    for (endpoint, address) in [
        ("https://collector.example", "https://collector.example/v1/traces"),
        ("https://collector.example:4318/otlp/", "https://collector.example:4318/otlp/v1/traces"),
        ("http://127.0.0.1:4318", "http://127.0.0.1:4318/v1/traces"),
        ("http://localhost:4318", "http://localhost:4318/v1/traces"),
    ] {
        let settings = traces(&[(ENDPOINT, endpoint)]).unwrap();
        assert_eq!((settings.endpoint.as_str(), settings.service.as_str()), (address, "orders-worker"));
        assert!(settings.headers.is_empty());
    }
    assert_eq!(traces(&[THERE, ("OTEL_SERVICE_NAME", "shop")]).unwrap().service, "shop");
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
fn an_unsupported_otlp_protocol_stops_the_start() {
    assert!(traces(&[THERE, (PROTOCOL, "http/json")]).is_some());
    for protocol in ["grpc", "http/protobuf", "HTTP/JSON"] {
        let environment = local_with(&[THERE, (PROTOCOL, protocol)]);
        assert!(error_message(&environment, DATABASE_ONLY).contains("`http/json`"), "{protocol}");
    }
}

#[test]
fn headers_are_understood_whole_and_never_shown() {
    let settings = traces(&[THERE, (HEADERS, "api-key=hunter2, X-Team = a%20b")]).unwrap();
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
