//! A worker behind PgBouncer, and what is said where its setting and the pooler do not fit.

use std::process::Output;

use serde_json::json;
use test_servers::{Database, PgBouncer, Postgres};

use crate::support::{EventLog, Mode, Setup, TestApp, migrate, migration, on_a_server};

/// A pooler that tracks no named statements, and a database behind it.
async fn bouncer(settings: &[&str]) -> (PgBouncer, Database) {
    let server = Postgres::shared().unwrap_or_else(|error| panic!("{error}"));
    let mut bouncer = PgBouncer::start(server, settings).unwrap_or_else(|error| panic!("{error}"));
    if bouncer.can_track_statements() {
        let settings = [settings, &["max_prepared_statements = 0"]].concat();
        bouncer = PgBouncer::start(server, &settings).unwrap_or_else(|error| panic!("{error}"));
    }
    let database = on_a_server().await;
    assert!(migrate(&database.url()).status.success());
    (bouncer, database)
}

/// A worker at this address with this setting.
async fn worker(url: &str, pooler: &str) -> TestApp {
    let setup = Setup::in_mode(Mode::Proxy).set("ORDERS_DATABASE_URL", url);
    setup.set("ORDERS_DATABASE_POOLER", pooler).start().await
}

#[tokio::test]
async fn untracked_statements_behind_pgbouncer_are_503_and_one_line_on_postgres() {
    let (bouncer, database) = bouncer(&[]).await;
    let mut app = worker(&bouncer.url(&database), "transaction-prepared").await;
    let pid = app.host.worker_pid();
    for _ in 0..5 {
        let reply = app.user("buyer").get("/api/orders").await;
        assert_eq!((reply.status, reply.problem().as_str()), (503, "unavailable"), "{reply:?}");
        let health = app.anonymous().get("/api/health").await;
        assert_eq!((health.status, health.json()), (503, json!({"status": "degraded"})));
    }
    let mut heard = EventLog::default();
    let is_said = |heard: &EventLog| !heard.events("database-unavailable").is_empty();
    heard.until(&mut app, "the outage's beginning", is_said).await;
    let [began] = heard.events("database-unavailable")[..] else { panic!("it is said more than once") };
    let error = began["error"].as_str().unwrap_or_default();
    assert!(error.contains("ORDERS_DATABASE_POOLER") && error.contains("max_prepared_statements"), "{began}");
    assert_eq!(app.host.worker_pid(), pid, "the process did not end");
}

#[tokio::test]
async fn orders_are_placed_behind_pgbouncer_on_postgres() {
    let (bouncer, database) = bouncer(&["default_pool_size = 2"]).await;
    for (pooler, url, sku) in
        [("transaction", bouncer.url(&database), "BEANS"), ("transaction-prepared", database.url(), "CUP")]
    {
        let app = worker(&url, pooler).await;
        app.user("admin").stock(sku, 1290).await;
        let location = app.user("buyer").place(sku).await;
        assert_eq!(app.user("buyer").get(&location).await.status, 200, "{pooler}");
    }
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[tokio::test]
async fn migrate_behind_pgbouncer_asks_for_the_server_itself_on_postgres() {
    let (bouncer, database) = bouncer(&[]).await;
    let mut command = migration(&bouncer.url(&database));
    let output = command.env("ORDERS_DATABASE_POOLER", "transaction").output().expect("the binary runs");
    assert_eq!(output.status.code(), Some(2), "{}", said(&output));
    assert!(said(&output).contains("leave ORDERS_DATABASE_POOLER out"), "{}", said(&output));
}
