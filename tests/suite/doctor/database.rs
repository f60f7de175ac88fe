//! The database as the doctor finds it.

use sqlx::{Connection as _, PgConnection};

use super::Deployment;
use test_servers::{PgBouncer, Postgres};

use crate::support::{TokenPostgres, migrate, on_a_server};

fn on(url: &str) -> Deployment {
    Deployment::sound().set("ORDERS_DATABASE_URL", url).set("ORDERS_IDENTITY", "easyauth")
}

#[tokio::test]
async fn a_database_file_is_inspected_but_not_created() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("orders.db");
    let url = format!("sqlite://{}", file.display());
    let found = on(&url).examine_here(&[], &[]).await;
    assert!(found.level("C20-database") == Some("pass") && !file.exists(), "{}", found.said);
    assert!(migrate(&url).status.success());
    assert_eq!(on(&url).examine_here(&[], &[]).await.level("C14-schema"), Some("pass"));
    let other = folder.path().join("other.db");
    std::fs::write(&other, "no database, but a text that is long enough to be one".repeat(99))
        .expect("a text");
    let url = format!("sqlite://{}", other.display());
    assert_eq!(on(&url).examine_here(&[], &[]).await.level("C20-database"), Some("fail"));
}

#[tokio::test]
async fn an_unreachable_server_fails_without_its_password() {
    let found = on("postgres://me:hunter2@127.0.0.1:1/orders").examine_here(&[], &[]).await;
    assert_eq!((found.level("C20-database"), found.code), (Some("fail"), Some(1)), "{}", found.said);
    assert!(!found.said.contains("hunter2"), "{}", found.said);
}

#[tokio::test]
async fn schema_and_grants_match_the_app() {
    let database = on_a_server().await;
    let url = database.url();
    assert_eq!(
        on(&url).examine_here(&[], &[]).await.level("C14-schema"),
        Some("fail"),
        "nothing is there yet"
    );
    let mut server = PgConnection::connect(&url).await.expect("the server answers");
    let old = "CREATE TABLE _sqlx_migrations AS SELECT CAST(2 AS BIGINT) AS version, true AS success;
         CREATE TABLE orders (id TEXT)";
    sqlx::raw_sql(old).execute(&mut server).await.expect("tables of an older form");
    let found = on(&url).examine_here(&[], &[]).await;
    assert_eq!(found.level("C14-schema"), Some("fail"), "{}", found.said);
    assert!(found.said.contains("run `orders-worker migrate --from-text`"), "{}", found.said);
    sqlx::raw_sql("DROP TABLE _sqlx_migrations, orders").execute(&mut server).await.expect("no table");
    assert!(migrate(&url).status.success());
    let found = on(&url).examine_here(&[], &[]).await;
    assert_eq!(
        (found.level("C14-schema"), found.level("C13-grants")),
        (Some("pass"), Some("warn")),
        "{}",
        found.said
    );
    assert_eq!(found.level("C20-database-tls-in-use"), Some("warn"), "there is no TLS");
    let api = ["CreateOrder", "GetOrder"];
    for (role, functions, level) in [
        ("orders_api", &api[..], "pass"),
        ("orders_processor", &api, "fail"),
        ("orders_processor", &["FulfilOrder"], "pass"),
        ("orders_api", &["FulfilOrder"], "fail"),
    ] {
        let found = on(&format!("{url}?options[role]={role}")).only(functions).examine_here(&[], &[]).await;
        assert_eq!(found.level("C13-grants"), Some(level), "{role}, {functions:?}: {}", found.said);
    }
}

#[tokio::test]
async fn a_server_behind_tls_passes_when_verified() {
    let guarded = TokenPostgres::start().await;
    let user = format!("{}:{}", crate::support::ROLE, crate::support::token(1));
    let url = guarded.url(&user, "localhost", Some(&guarded.authority()));
    let found = on(&url).examine_here(&[], &[]).await;
    assert_eq!(found.level("C20-database-tls-in-use"), Some("pass"), "{}", found.said);
    let other = guarded.url(&user, "127.0.0.1", Some(&guarded.authority()));
    assert_eq!(on(&other).examine_here(&[], &[]).await.level("C20-database"), Some("fail"), "another name");
}

#[tokio::test]
async fn a_worker_behind_pgbouncer_needs_its_setting_on_postgres() {
    let server = Postgres::shared().unwrap_or_else(|error| panic!("{error}"));
    let pooler = PgBouncer::start(server, &[]).unwrap_or_else(|error| panic!("{error}"));
    let database = on_a_server().await;
    assert!(migrate(&database.url()).status.success());
    let url = pooler.url(&database);
    let without = on(&url).examine_here(&[], &[]).await;
    assert_eq!(without.level("C20-database"), Some("fail"), "{}", without.said);
    assert!(without.said.contains("set ORDERS_DATABASE_POOLER to `transaction`"), "{}", without.said);
    let with = on(&url).set("ORDERS_DATABASE_POOLER", "transaction").examine_here(&[], &[]).await;
    assert_eq!(
        (with.level("C20-database"), with.level("C14-schema")),
        (Some("pass"), Some("pass")),
        "{}",
        with.said
    );
    assert!(with.said.contains("through a pooler"), "{}", with.said);
}
