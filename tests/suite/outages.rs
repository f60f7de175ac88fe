//! A fault of the database: Health shows it within seconds and recovers, and the log has a line when an outage begins
//! and one when it ends.

use std::time::Duration;

use serde_json::json;
use sqlx::{Connection as _, PgConnection, SqliteConnection};
use tempfile::TempDir;
use test_servers::Database;
use tokio::{io::AsyncWriteExt as _, net::TcpStream};

use crate::support::{
    Client, EventLog, IdentityMode, Mode, Part, SOON, Setup, TestApp, an_order, migrate, on_a_server,
    terminate,
};

/// Health is 503 so soon after calls begin to fail, and 200 so soon after they work again.
const NOTICED: Duration = Duration::from_secs(15);

/// A database that the test can break from outside.
enum Broken {
    File(SqliteConnection, #[expect(dead_code, reason = "the file lives as long")] TempDir),
    Server(PgConnection, Database),
}

impl Broken {
    async fn execute(&mut self, statement: &'static str) {
        let done = match self {
            Self::File(connection, _) => sqlx::raw_sql(statement).execute(connection).await.map(drop),
            Self::Server(connection, _) => sqlx::raw_sql(statement).execute(connection).await.map(drop),
        };
        done.unwrap_or_else(|error| panic!("{statement}: {error}"));
    }
}

async fn file() -> (Setup, Broken) {
    let folder = tempfile::tempdir().expect("a folder");
    let url = format!("sqlite://{}", folder.path().join("orders.db").display());
    assert!(migrate(&url).status.success());
    let connection = SqliteConnection::connect(&url).await.expect("the file opens");
    (Setup::in_mode(Mode::Proxy).set("ORDERS_DATABASE_URL", &url), Broken::File(connection, folder))
}

async fn server() -> (Setup, Broken) {
    let database = on_a_server().await;
    assert!(migrate(&database.url()).status.success());
    let connection = PgConnection::connect(&database.url()).await.expect("the server answers");
    let setup = Setup::in_mode(Mode::Proxy).set("ORDERS_DATABASE_URL", &database.url());
    (setup, Broken::Server(connection, database))
}

/// The api app with the rights of its own role.
async fn api() -> (Setup, Broken) {
    let (setup, broken) = server().await;
    let Broken::Server(_, database) = &broken else { unreachable!("a server") };
    let url = format!("{}?options[role]=orders_api", database.url());
    (setup.part(Part::Api).set("ORDERS_DATABASE_URL", &url), broken)
}

/// Makes each test run on each database engine.
macro_rules! on_each_engine {
    ($($promise:ident),+ $(,)?) => { $(
        mod $promise {
            #[tokio::test]
            async fn sqlite() {
                super::$promise(super::file().await).await;
            }
            #[tokio::test]
            async fn postgres() {
                super::$promise(super::server().await).await;
            }
        }
    )+ };
}

on_each_engine!(
    health_follows_a_locked_table,
    health_follows_a_missing_table,
    health_follows_failures_that_probes_miss,
    an_outage_of_many_requests_logs_two_lines,
    an_outage_of_the_processor_logs_two_lines,
);

async fn health_becomes(app: &TestApp, status: u16, when: &str) {
    app.eventually(&format!("health is {status} {when}"), NOTICED, async || {
        app.anonymous().get("/api/health").await.status == status
    })
    .await;
}

async fn admin_with_a_product(app: &TestApp) -> Client {
    let admin = app.user("admin");
    let product = json!({"name": "Beans", "currency": "EUR", "unitPrice": 1290});
    assert_eq!(admin.put("/api/products/BEANS", &product).await.status, 201);
    admin
}

async fn health_follows_a_locked_table((setup, mut database): (Setup, Broken)) {
    let app = setup.start().await;
    health_becomes(&app, 200, "at the start").await;
    let lock = match database {
        Broken::File(..) => "BEGIN IMMEDIATE",
        Broken::Server(..) => "BEGIN; LOCK TABLE orders IN ACCESS EXCLUSIVE MODE",
    };
    database.execute(lock).await;
    health_becomes(&app, 503, "while a table is locked").await;
    database.execute("ROLLBACK").await;
    health_becomes(&app, 200, "without the lock").await;
}

async fn health_follows_a_missing_table((setup, mut database): (Setup, Broken)) {
    let app = setup.start().await;
    health_becomes(&app, 200, "at the start").await;
    database.execute("ALTER TABLE dead_letters RENAME TO elsewhere").await;
    health_becomes(&app, 503, "without dead_letters").await;
    database.execute("ALTER TABLE elsewhere RENAME TO dead_letters").await;
    health_becomes(&app, 200, "with dead_letters").await;
}

#[tokio::test]
async fn postgres_health_follows_the_grants_of_the_api_role() {
    let (setup, mut database) = api().await;
    let app = setup.start().await;
    health_becomes(&app, 200, "with all rights").await;
    for (revoke, grant) in [
        ("REVOKE SELECT ON order_history FROM orders_api", "GRANT SELECT ON order_history TO orders_api"),
        (
            "REVOKE INSERT ON idempotency_keys FROM orders_api",
            "GRANT INSERT ON idempotency_keys TO orders_api",
        ),
        ("REVOKE UPDATE (status) ON orders FROM orders_api", "GRANT UPDATE (status) ON orders TO orders_api"),
    ] {
        database.execute(revoke).await;
        health_becomes(&app, 503, revoke).await;
        database.execute(grant).await;
        health_becomes(&app, 200, grant).await;
    }
}

/// The fault is in a row's own trigger, which only a real order reaches.
async fn health_follows_failures_that_probes_miss((setup, mut database): (Setup, Broken)) {
    let app = setup.start().await;
    let admin = admin_with_a_product(&app).await;
    health_becomes(&app, 200, "at the start").await;
    let (plant, remove) = match database {
        Broken::File(..) => (
            "CREATE TRIGGER broken BEFORE INSERT ON order_lines BEGIN SELECT RAISE(ABORT, 'broken'); END",
            "DROP TRIGGER broken",
        ),
        Broken::Server(..) => (
            "CREATE FUNCTION broken() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RAISE 'broken'; END$$;
             CREATE TRIGGER broken BEFORE INSERT ON order_lines FOR EACH ROW EXECUTE FUNCTION broken()",
            "DROP TRIGGER broken ON order_lines",
        ),
    };
    database.execute(plant).await;
    app.eventually("health is 503 while every CreateOrder fails", NOTICED, async || {
        assert_eq!(admin.post("/api/orders", &an_order("BEANS")).await.status, 503);
        tokio::time::sleep(Duration::from_millis(500)).await;
        app.anonymous().get("/api/health").await.status == 503
    })
    .await;
    assert_eq!(admin.get("/api/orders").await.status, 200, "reading goes on");
    database.execute(remove).await;
    assert_eq!(admin.post("/api/orders", &an_order("BEANS")).await.status, 201);
    health_becomes(&app, 200, "once an order was placed").await;
}

async fn an_outage_of_many_requests_logs_two_lines((setup, mut database): (Setup, Broken)) {
    let mut app = setup.start().await;
    let admin = admin_with_a_product(&app).await;
    let mut heard = EventLog::default();
    heard.listen(&mut app);
    database.execute("ALTER TABLE products RENAME TO elsewhere").await;
    for _ in 0..300 {
        assert_eq!(admin.get("/api/products").await.status, 503);
        heard.listen(&mut app);
    }
    database.execute("ALTER TABLE elsewhere RENAME TO products").await;
    app.eventually("products are listed", SOON, async || admin.get("/api/products").await.status == 200)
        .await;
    heard.until(&mut app, "the outage's end", |heard| !heard.events("outage-ended").is_empty()).await;
    let [began] = heard.events("database-unavailable")[..] else {
        panic!("{} lines began it", heard.events("database-unavailable").len());
    };
    let error = began["error"].as_str().unwrap_or_default();
    assert!(error.contains("products") && !error.contains("at line"), "{began}");
    let [ended] = heard.events("outage-ended")[..] else { panic!("ended more than once") };
    assert_eq!(
        (&ended["outage"], &ended["failed_calls"]),
        (&json!("database-unavailable"), &json!(300)),
        "{ended}"
    );
    assert!(ended["duration_ms"].is_u64(), "{ended}");
    assert!(heard.events("outage-continues").is_empty());
}

async fn an_outage_of_the_processor_logs_two_lines((setup, mut database): (Setup, Broken)) {
    let mut app = setup.part(Part::Processor).start().await;
    app.host.fire_timer("RelayOutbox").await.expect("the timer runs");
    let mut heard = EventLog::default();
    heard.listen(&mut app);
    database.execute("ALTER TABLE outbox RENAME TO elsewhere").await;
    for _ in 0..20 {
        drop(app.host.fire_timer("RelayOutbox").await);
        heard.listen(&mut app);
    }
    database.execute("ALTER TABLE elsewhere RENAME TO outbox").await;
    // Without another call: it is found out that the database works.
    heard.until(&mut app, "the outage's end", |heard| !heard.events("outage-ended").is_empty()).await;
    assert_eq!(heard.events("database-unavailable").len(), 1);
    let [ended] = heard.events("outage-ended")[..] else { panic!("ended more than once") };
    assert_eq!(ended["failed_calls"], 40, "the gauges and the relay, twenty times: {ended}");
}

#[tokio::test]
async fn a_long_outage_is_logged_every_minute() {
    let (setup, mut database) = file().await;
    let mut app = setup.part(Part::Processor).start().await;
    database.execute("ALTER TABLE outbox RENAME TO elsewhere").await;
    let mut heard = EventLog::default();
    let mut tick = tokio::time::interval(Duration::from_secs(1));
    let seconds = 63;
    for _ in 0..seconds {
        tick.tick().await;
        drop(app.host.fire_timer("RelayOutbox").await);
        heard.listen(&mut app);
    }
    heard
        .until(&mut app, "a line after a minute", |heard| !heard.events("outage-continues").is_empty())
        .await;
    let [continues] = heard.events("outage-continues")[..] else { panic!("more than one line in a minute") };
    assert_eq!(continues["outage"], "database-unavailable");
    assert!(continues["failed_calls"].as_u64().is_some_and(|calls| calls >= seconds), "{continues}");
    assert!(continues["error"].as_str().is_some_and(|error| error.contains("outbox")), "{continues}");
    assert_eq!(heard.events("database-unavailable").len(), 1);
}

#[tokio::test]
async fn failed_requests_of_an_outage_are_logged_at_exit() {
    let (setup, mut database) = file().await;
    let mut app = setup.part(Part::Processor).start().await;
    database.execute("ALTER TABLE outbox RENAME TO elsewhere").await;
    for _ in 0..10 {
        drop(app.host.fire_timer("RelayOutbox").await);
    }
    terminate(&app);
    let mut heard = EventLog::default();
    heard.until(&mut app, "the count", |heard| !heard.events("outage-continues").is_empty()).await;
    let told = heard.events("outage-continues")[0];
    assert_eq!(
        (&told["outage"], &told["failed_calls"]),
        (&json!("database-unavailable"), &json!(20)),
        "{told}"
    );
}

/// More requests than the worker runs at once, of a caller who has no limit; it waits for the bodies of all that it runs.
async fn crowd(app: &TestApp) -> Vec<TcpStream> {
    let address = app.host.worker_address().await.expect("the worker runs");
    let token = app.token_of("neighbour");
    let mut crowd = Vec::new();
    for _ in 0..160 {
        let mut connection = TcpStream::connect(address).await.expect("the worker listens");
        let head = format!(
            "POST /api/orders HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer {token}\r\n\
             Content-Type: application/json\r\nContent-Length: 99\r\n\r\n{{"
        );
        connection.write_all(head.as_bytes()).await.expect("it is sent");
        crowd.push(connection);
    }
    crowd
}

#[tokio::test]
async fn overload_rejections_are_one_outage() {
    let mut app = Setup::in_mode(Mode::Proxy).identity_mode(IdentityMode::Token).start().await;
    let buyer = app.user("buyer");
    let products = async || buyer.get("/api/products").await.status;
    assert_eq!(products().await, 200);
    let is_refused = |line: &&&serde_json::Value| line["function"] == "ListProducts" && line["status"] == 503;
    let mut heard = EventLog::default();
    heard.listen(&mut app);
    let mut waiting = crowd(&app).await;
    let refused = async {
        for _ in 0..50 {
            while products().await != 503 {
                waiting.extend(crowd(&app).await);
            }
            heard.listen(&mut app);
        }
    };
    tokio::time::timeout(SOON, refused).await.expect("requests are refused");
    drop(waiting);
    app.eventually("requests are answered", SOON, async || products().await == 200).await;
    heard.until(&mut app, "the outage's end", |heard| !heard.events("outage-ended").is_empty()).await;
    let [began] = heard.events("overloaded")[..] else { panic!("began more than once") };
    assert_eq!(began["running"], 128);
    let [ended] = heard.events("outage-ended")[..] else { panic!("ended more than once") };
    assert_eq!(ended["outage"], "overloaded");
    assert!(ended["failed_calls"].as_u64().is_some_and(|calls| calls >= 50), "{ended}");
    assert_eq!(heard.events("invocation-ended").iter().filter(is_refused).count(), 0, "each is counted");
}

#[tokio::test]
async fn postgres_closed_port_fails_without_a_timeout() {
    let setup =
        Setup::in_mode(Mode::Proxy).set("ORDERS_DATABASE_URL", "postgres://me:hunter2@127.0.0.1:1/orders");
    let mut app = setup.start().await;
    let mut heard = EventLog::default();
    heard
        .until(&mut app, "the outage's beginning", |heard| !heard.events("database-unavailable").is_empty())
        .await;
    let began = heard.events("database-unavailable")[0];
    let error = began["error"].as_str().unwrap_or_default();
    assert!(error.contains("refused") && !error.contains("timed out"), "{began}");
}

#[tokio::test]
async fn postgres_tables_outside_the_search_path_are_reported() {
    let (setup, mut database) = server().await;
    database.execute("CREATE SCHEMA elsewhere").await;
    let Broken::Server(_, server) = &database else { unreachable!("a server") };
    let url = format!("{}?options[search_path]=elsewhere", server.url());
    let mut app = setup.set("ORDERS_DATABASE_URL", &url).start().await;
    assert_eq!(app.user("buyer").get("/api/orders").await.status, 503);
    let mut heard = EventLog::default();
    heard
        .until(&mut app, "the outage's beginning", |heard| {
            !heard.events("database-schema-invalid").is_empty()
        })
        .await;
    let began = heard.events("database-schema-invalid")[0];
    let error = began["error"].as_str().unwrap_or_default();
    assert!(error.contains("search_path") && error.contains("`public`"), "{began}");
    assert!(!error.contains("orders-worker migrate"), "{began}");
}
