//! Secrets that settings name, and credentials that the worker sends: each is a canary, and everything that the worker
//! writes is searched for them. The finest log holds the lines of all others.

use std::{fs, path::PathBuf};

use tempfile::TempDir;
use test_servers::{Authority, Backend, BackendResponse, Database, Issued, Leaf};

use crate::support::{EventLog, Mode, SOON, Setup, TestApp, an_order, binary, migrate, on_a_server};

/// A secret, and the name by which a failure reports it.
type Canary = (&'static str, String);

/// The services outside the worker that know one of its secrets.
struct World {
    collector: Backend,
    backend: Backend,
    database: Database,
    own: Issued,
    folder: TempDir,
}

impl World {
    async fn new() -> Self {
        let (servers, clients) = (
            Authority::new("servers").expect("an authority"),
            Authority::new("clients").expect("an authority"),
        );
        let folder = tempfile::tempdir().expect("a folder");
        fs::write(folder.path().join("ca.pem"), servers.certificate()).expect("the folder can be written");
        let shown = servers.issue(&Leaf::server(&["127.0.0.1"])).expect("a certificate");
        let backend = Backend::start(&shown, clients.certificate()).await.expect("a free port");
        let own = clients.issue(&Leaf::client(&["worker.example"])).expect("a certificate");
        let database = on_a_server().await;
        assert!(migrate(&database.url()).status.success());
        let collector = Backend::plain().await.expect("a free port");
        Self { collector, backend, database, own, folder }
    }

    fn certificate(&self) -> PathBuf {
        self.folder.path().join("worker.pem")
    }

    /// What the worker finds where its certificate is.
    fn show(&self, certificate: &str) {
        let (fresh, text) = (self.folder.path().join("fresh.pem"), format!("{}{certificate}", self.own.key));
        fs::write(&fresh, text).expect("the folder can be written");
        fs::rename(fresh, self.certificate()).expect("the folder can be written");
    }

    fn canaries(&self) -> Vec<Canary> {
        let key = self.own.key.lines().filter(|line| !line.starts_with("-----"));
        let key = key.map(|line| ("certificate's key", line.to_owned()));
        let named = [
            ("password of the database", "canary-database-4711"),
            ("header for the collector", "canary-collector-0815"),
            ("body of a request", "canary-note-1234"),
        ];
        named.map(|(what, text)| (what, text.to_owned())).into_iter().chain(key).collect()
    }

    fn under(&self, setup: Setup) -> Setup {
        let text = |what| {
            let canaries = self.canaries();
            canaries.into_iter().find(|(known, _)| *known == what).expect("it is planted").1
        };
        let user = format!("postgres:{}@", text("password of the database"));
        let path = |path: PathBuf| path.to_str().expect("ASCII").to_owned();
        let headers = format!("api-key={}", text("header for the collector"));
        setup
            .set("ORDERS_LOG", "trace")
            .set("ORDERS_DATABASE_URL", &self.database.url().replace("postgres@", &user))
            .set("ORDERS_FULFILMENT_URL", &format!("https://127.0.0.1:{}", self.backend.port()))
            .set("ORDERS_FULFILMENT_CLIENT_CERTIFICATE", &path(self.certificate()))
            .set("ORDERS_FULFILMENT_CA", &path(self.folder.path().join("ca.pem")))
            .set("OTEL_EXPORTER_OTLP_ENDPOINT", &format!("http://127.0.0.1:{}", self.collector.port()))
            .set("OTEL_EXPORTER_OTLP_HEADERS", &headers)
            .set("AzureFunctionsJobHost__extensions__queues__visibilityTimeout", "00:00:01")
    }
}

/// The canaries that a text contains.
fn sung(canaries: &[Canary], text: &str) -> Vec<Canary> {
    canaries.iter().filter(|(_, canary)| text.contains(canary)).cloned().collect()
}

/// Places an order whose note is a canary, and has it processed.
async fn processed(app: &TestApp) -> String {
    let mut order = an_order("BEANS");
    order["note"] = "canary-note-1234".into();
    let placed = app.user("buyer").post("/api/orders", &order).await;
    let location = placed.header("location").expect("a location").to_owned();
    assert_eq!(app.user("clerk").post_nothing(&format!("{location}/process")).await.status, 202);
    location
}

#[tokio::test]
async fn trace_logs_contain_no_canary() {
    let world = World::new().await;
    world.show("");
    world.backend.respond_with(BackendResponse::Status(404));
    let mut app = world.under(Setup::in_mode(Mode::Proxy)).start().await;
    app.user("admin").stock("BEANS", 1290).await;
    let location = processed(&app).await;
    let mut heard = EventLog::default();
    heard
        .until(&mut app, "a certificate of no use", |heard| !heard.events("fulfilment-failed").is_empty())
        .await;
    world.show(&world.own.certificate);
    for says in [
        BackendResponse::Status(404),
        BackendResponse::WithBody(2 * 1024 * 1024),
        BackendResponse::Status(200),
    ] {
        let before = world.backend.requests().len();
        world.backend.respond_with(says);
        app.eventually("the backend is asked", SOON, async || world.backend.requests().len() > before).await;
    }
    app.becomes(&app.user("buyer"), &location, "fulfilled", SOON).await;
    for says in [BackendResponse::Status(401), BackendResponse::Status(503)] {
        let before = world.collector.requests().len();
        world.collector.respond_with(says);
        assert_eq!(app.user("buyer").get(&location).await.status, 200);
        app.eventually("the collector is asked", SOON, async || world.collector.requests().len() > before)
            .await;
    }
    heard.listen(&mut app);
    assert!(heard.text.contains("\"DEBUG\""), "the filter is heard");
    assert_eq!(sung(&world.canaries(), &heard.text), []);
    let told = world.backend.requests();
    assert!(
        told.iter().any(|asked| asked.body.windows(16).any(|part| part == b"canary-note-1234")),
        "it went out"
    );
    assert!(
        world.collector.requests().iter().all(|asked| asked.headers["api-key"] == "canary-collector-0815")
    );
}

#[tokio::test]
async fn the_search_finds_every_planted_canary() {
    let world = World::new().await;
    let canaries = world.canaries();
    let lines = canaries.iter().map(|(_, canary)| format!("echo '{{\"planted\":\"{canary}\"}}'\n"));
    let worker = fs::canonicalize(binary()).expect("the binary is there");
    let script = world.folder.path().join("leaky.sh");
    fs::write(&script, format!("{}exec '{}'\n", lines.collect::<String>(), worker.display()))
        .expect("a script");
    world.show(&world.own.certificate);
    let description = "AzureFunctionsJobHost__customHandler__description";
    let setup = world
        .under(Setup::in_mode(Mode::Proxy))
        .set(&format!("{description}__defaultExecutablePath"), "/bin/sh")
        .set(&format!("{description}__arguments__0"), &script.display().to_string());
    let mut app = setup.start().await;
    let mut heard = EventLog::default();
    heard.until(&mut app, "all of them", |heard| sung(&canaries, &heard.text) == canaries).await;
}
