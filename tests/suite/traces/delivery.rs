//! How what is exported reaches the collector, and what becomes of the worker where it does not.

use std::{fs, time::Duration};

use rustls::pki_types::{CertificateDer, pem::PemObject as _};
use test_servers::{Authority, Leaf};

use super::*;

#[tokio::test]
async fn a_failing_collector_changes_no_response() {
    tokio::join!(
        answers_do_not_depend_on_the_collector("http/protobuf"),
        answers_do_not_depend_on_the_collector("http/json"),
        answers_do_not_depend_on_the_collector("grpc"),
    );
}

async fn answers_do_not_depend_on_the_collector(protocol: &str) {
    let collector = collector().await;
    let setup = before(&collector, Setup::in_mode(Mode::Proxy));
    let mut app = setup.set("OTEL_EXPORTER_OTLP_PROTOCOL", protocol).start().await;
    let caller = app.user("buyer");
    for says in [
        BackendResponse::Status(400),
        BackendResponse::Status(429),
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
async fn every_protocol_reaches_a_collector_over_tls() {
    let authority = Authority::new("the collector's").expect("certificates");
    let shown = authority.issue(&Leaf::server(&["127.0.0.1"])).expect("a certificate");
    let folder = tempfile::tempdir().expect("a folder");
    let trusted = folder.path().join("ca.pem");
    fs::write(&trusted, authority.certificate()).expect("a file");
    for (protocol, content_type) in [
        ("http/protobuf", "application/x-protobuf"),
        ("http/json", "application/json"),
        ("grpc", "application/grpc"),
    ] {
        for compression in ["none", "gzip"] {
            let collector = Backend::with_tls(&shown).await.expect("a free port");
            collector.respond_with(BackendResponse::Status(200));
            let app = Setup::in_mode(Mode::Proxy)
                .set("OTEL_EXPORTER_OTLP_ENDPOINT", &format!("https://127.0.0.1:{}", collector.port()))
                .set("OTEL_EXPORTER_OTLP_CERTIFICATE", trusted.to_str().expect("a path"))
                .set("OTEL_EXPORTER_OTLP_PROTOCOL", protocol)
                .set("OTEL_EXPORTER_OTLP_COMPRESSION", compression)
                .set("OTEL_METRICS_EXPORTER", "none")
                .start()
                .await;
            let caller = app.user("buyer").with("traceparent", TRACE);
            for _ in 0..20 {
                assert_eq!(caller.get("/api/products").await.status, 200);
            }
            end(&app);
            let arrived = || taken(&collector).iter().filter(|span| span.name == "ListProducts").count();
            app.eventually("each span, and no other", SOON, async || arrived() == 20).await;
            for asked in collector.requests() {
                assert_eq!(asked.headers[CONTENT_TYPE], content_type);
                let header = if asked.is_call() { "grpc-encoding" } else { CONTENT_ENCODING.as_str() };
                assert_eq!(asked.headers.contains_key(header), compression == "gzip", "{protocol}");
            }
        }
    }
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
async fn each_signal_shows_its_own_client_certificate() {
    let (servers, clients) =
        (Authority::new("servers").expect("keys"), Authority::new("clients").expect("keys"));
    let shown = servers.issue(&Leaf::server(&["127.0.0.1"])).expect("a certificate");
    let collector = Backend::start(&shown, clients.certificate()).await.expect("a free port");
    collector.respond_with(BackendResponse::Status(200));
    let folder = tempfile::tempdir().expect("a folder");
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        fs::write(&path, text).expect("a file");
        path.to_str().expect("a path").to_owned()
    };
    let mut setup = Setup::in_mode(Mode::Proxy)
        .set("OTEL_EXPORTER_OTLP_ENDPOINT", &format!("https://127.0.0.1:{}", collector.port()))
        .set("OTEL_EXPORTER_OTLP_CERTIFICATE", &write("ca.pem", servers.certificate()))
        .set("OTEL_BSP_SCHEDULE_DELAY", "200")
        .set("OTEL_METRIC_EXPORT_INTERVAL", "200");
    let issue = |name: &str| clients.issue(&Leaf::client(&[name])).expect("a certificate");
    let (shared, metrics) = (issue("shared"), issue("metrics"));
    for (infix, issued) in [("", &shared), ("METRICS_", &metrics)] {
        let [certificate, key] =
            ["CERTIFICATE", "KEY"].map(|what| format!("OTEL_EXPORTER_OTLP_{infix}CLIENT_{what}"));
        setup = setup
            .set(&certificate, &write(&format!("{infix}client.pem"), &issued.certificate))
            .set(&key, &write(&format!("{infix}client.key"), &issued.key));
    }
    let app = setup.start().await;
    assert_eq!(app.user("buyer").get("/api/products").await.status, 200);
    for (path, issued) in [("/v1/traces", &shared), ("/v1/metrics", &metrics)] {
        let asked = || collector.requests().into_iter().filter(move |asked| asked.line.ends_with(path));
        app.eventually(path, SOON, async || asked().next().is_some()).await;
        let der = CertificateDer::from_pem_slice(issued.certificate.as_bytes()).expect("a certificate");
        assert!(asked().all(|asked| asked.certificate.as_deref() == Some(der.as_ref())), "{path}");
    }
}
