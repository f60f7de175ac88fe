//! A server that is there when it is wanted, gone when it is not, and as fragile as a test asks for.

use sqlx::{Connection as _, PgConnection};
use test_servers::{Database, Postgres};

async fn answers(url: &str) -> bool {
    match PgConnection::connect(url).await {
        Ok(mut connection) => connection.ping().await.is_ok(),
        Err(_) => false,
    }
}

async fn count(database: &Database) -> i64 {
    let mut connection = PgConnection::connect(&database.url()).await.expect("a connection");
    sqlx::query_scalar("SELECT count(*) FROM kept").fetch_one(&mut connection).await.expect("a count")
}

#[tokio::test]
async fn databases_are_fresh_and_dropped_with_their_test() {
    let server = Postgres::shared().unwrap_or_else(|error| panic!("{error}"));
    let (one, other) = (server.database().await.unwrap(), server.database().await.unwrap());
    let mut connection = PgConnection::connect(&one.url()).await.unwrap();
    sqlx::query("CREATE TABLE kept (id bigint)").execute(&mut connection).await.unwrap();
    assert_eq!(count(&one).await, 0);
    let mut elsewhere = PgConnection::connect(&other.url()).await.unwrap();
    assert!(sqlx::query("SELECT 1 FROM kept").execute(&mut elsewhere).await.is_err());
    let url = one.url();
    drop(one);
    assert!(!answers(&url).await);
}

#[tokio::test]
async fn a_crash_loses_connections_but_no_committed_data() {
    let server = Postgres::start(&[]).unwrap_or_else(|error| panic!("{error}"));
    let database = server.database().await.unwrap();
    let mut connection = PgConnection::connect(&database.url()).await.unwrap();
    sqlx::query("CREATE TABLE kept AS SELECT 1 AS id").execute(&mut connection).await.unwrap();
    assert!(server.crash());
    assert!(connection.ping().await.is_err() && !answers(&database.url()).await);
    assert!(server.resume());
    assert_eq!(count(&database).await, 1);
    let url = database.url();
    drop(server);
    assert!(!answers(&url).await);
}

#[tokio::test]
async fn kept_data_are_there_when_a_server_starts_again() {
    let place = tempfile::tempdir().unwrap();
    // The account that runs the server has to reach what lies in it.
    std::fs::set_permissions(place.path(), std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let start =
        || Postgres::start_in(&place.path().join("kept"), &[]).unwrap_or_else(|error| panic!("{error}"));
    let server = start();
    let mut connection = PgConnection::connect(&format!("{}/postgres", server.url())).await.unwrap();
    sqlx::query("CREATE TABLE kept AS SELECT 1 AS id").execute(&mut connection).await.unwrap();
    drop(server);
    assert!(connection.ping().await.is_err());
    let again = start();
    let mut connection = PgConnection::connect(&format!("{}/postgres", again.url())).await.unwrap();
    sqlx::query("SELECT id FROM kept").fetch_one(&mut connection).await.expect("it is still there");
}
