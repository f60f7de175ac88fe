//! Orders fulfilled by a real backend over mutual TLS.

use std::{fs, time::Duration};

use futures_util::future::join_all;
use tempfile::TempDir;
use test_servers::{Authority, Backend, BackendResponse, Leaf};

use crate::support::{Client, EventLog, Mode, SOON, Setup, TestApp, in_every_mode};

mod missing;

pub(crate) use missing::on_the_platform;

in_every_mode!(the_backend_decides_the_outcome_of_an_order, an_order_waits_for_the_backends_decision,);

const TRACE: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

/// A backend, and the folder with the certificates of a worker that it knows.
pub(crate) struct Known {
    pub(crate) backend: Backend,
    folder: TempDir,
}

impl Known {
    pub(crate) async fn start() -> Self {
        let authority = |name| Authority::new(name).expect("an authority");
        let (servers, clients) = (authority("servers"), authority("clients"));
        let folder = tempfile::tempdir().expect("a temporary folder");
        let own = clients.issue(&Leaf::client(&["worker.example"])).expect("a certificate");
        for (name, text) in [
            ("worker.pem", format!("{}{}", own.certificate, own.key)),
            ("ca.pem", servers.certificate().to_owned()),
        ] {
            fs::write(folder.path().join(name), text).expect("the folder can be written");
        }
        let server = servers.issue(&Leaf::server(&["127.0.0.1"])).expect("a certificate");
        let backend = Backend::start(&server, clients.certificate()).await.expect("a free port");
        Self { backend, folder }
    }

    /// An app that calls it, again at once where it does not decide.
    pub(crate) fn under(&self, setup: Setup) -> Setup {
        let file = |name| self.folder.path().join(name).display().to_string();
        setup
            .set("ORDERS_FULFILMENT_URL", &format!("https://127.0.0.1:{}", self.backend.port()))
            .set("ORDERS_FULFILMENT_CLIENT_CERTIFICATE", &file("worker.pem"))
            .set("ORDERS_FULFILMENT_CA", &file("ca.pem"))
            .set("AzureFunctionsJobHost__extensions__queues__visibilityTimeout", "00:00:00")
    }
}

/// An app, the backend that it calls, and the folder with the certificates.
struct World {
    app: TestApp,
    backend: Backend,
    _folder: TempDir,
}

async fn world(mode: Mode) -> World {
    let known = Known::start().await;
    let app = known.under(Setup::in_mode(mode)).start().await;
    app.user("admin").stock("BEANS", 1290).await;
    World { app, backend: known.backend, _folder: known.folder }
}

/// Places an order and has it processed.
async fn processed(app: &TestApp) -> (Client, String) {
    let buyer = app.user("buyer");
    let location = buyer.place("BEANS").await;
    let clerk = app.user("clerk").with("traceparent", TRACE);
    let clerk = clerk.with("tracestate", "vendor=value").with("baggage", "customer=hunter2");
    assert_eq!(clerk.post_nothing(&format!("{location}/process")).await.status, 202);
    (buyer, location)
}

async fn the_backend_decides_the_outcome_of_an_order(mode: Mode) {
    let world = world(mode).await;
    for (says, status) in [(202, "fulfilled"), (422, "rejected")] {
        world.backend.respond_with(BackendResponse::Status(says));
        let (buyer, location) = processed(&world.app).await;
        world.app.becomes(&buyer, &location, status, SOON).await;
        let asked = world.backend.requests().pop().expect("it was asked");
        assert_eq!(asked.line, "POST /fulfilments");
        assert_eq!(
            Some(asked.headers["idempotency-key"].to_str().expect("ASCII")),
            location.rsplit('/').next()
        );
        let trace = asked.headers["traceparent"].to_str().expect("ASCII");
        assert_eq!(trace.split('-').nth(1), TRACE.split('-').nth(1));
        for callers_text in ["baggage", "tracestate"] {
            assert!(!asked.headers.contains_key(callers_text), "no message carries {callers_text}");
        }
    }
    assert_eq!(world.backend.requests().len(), 2);
}

#[tokio::test]
async fn the_relay_logs_certificate_expiry() {
    let mut world = world(Mode::Proxy).await;
    world.app.host.fire_timer("RelayOutbox").await.expect("the timer runs");
    let mut heard = EventLog::default();
    heard.until(&mut world.app, "the gauges", |heard| !heard.events("metrics").is_empty()).await;
    assert_eq!(heard.events("metrics")[0]["certificate_days"], 29, "a month, less the time that this takes");
}

#[tokio::test]
async fn a_silent_backend_delays_no_http_requests() {
    let world = world(Mode::Proxy).await;
    world.backend.respond_with(BackendResponse::Nothing);
    for _ in 0..4 {
        processed(&world.app).await;
    }
    world.app.eventually("four wait", SOON, async || world.backend.requests().len() == 4).await;
    let buyer = world.app.user("buyer");
    for reply in join_all((0..20).map(|_| buyer.get("/api/orders"))).await {
        assert_eq!(reply.status, 200, "{reply:?}");
    }
    world.backend.respond_with(BackendResponse::Status(202));
    let (buyer, location) = processed(&world.app).await;
    world.app.becomes(&buyer, &location, "fulfilled", Duration::from_secs(10)).await;
    assert_eq!(world.backend.requests().len(), 5, "the four still wait");
}

async fn an_order_waits_for_the_backends_decision(mode: Mode) {
    let world = world(mode).await;
    for says in [
        BackendResponse::Status(503),
        BackendResponse::Status(404),
        BackendResponse::WithBody(2 * 1024 * 1024),
    ] {
        world.backend.respond_with(says.clone());
        let before = world.backend.requests().len();
        let (buyer, location) = processed(&world.app).await;
        world
            .app
            .eventually("it is asked more than once", SOON, async || {
                world.backend.requests().len() > before + 1
            })
            .await;
        assert_eq!(buyer.get(&location).await.json()["status"], "queued", "{says:?}");
        world.backend.respond_with(BackendResponse::Status(200));
        world.app.becomes(&buyer, &location, "fulfilled", SOON).await;
        let keys: Vec<_> = world.backend.requests()[before..]
            .iter()
            .map(|asked| asked.headers["idempotency-key"].clone())
            .collect();
        assert!(
            keys.iter().all(|key| Some(key.to_str().expect("ASCII")) == location.rsplit('/').next()),
            "{keys:?}"
        );
    }
}
