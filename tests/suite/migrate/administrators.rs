//! Who may migrate, and who owns the schema.

use std::process::Output;

use sqlx::migrate::Migrator;

use crate::support::AdminServer;

/// The migrations without their command.
static SCHEMA: Migrator = sqlx::migrate!("src/store/migrations/postgres");

/// Takes the newest migration back.
const VERSION_BEFORE: &str =
    "DROP TABLE products, orders, order_lines, order_history, outbox, inbox, dead_letters,
        idempotency_keys;
    DELETE FROM _sqlx_migrations WHERE version = 1";

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&[&*output.stdout, &*output.stderr].concat()).into_owned()
}

fn done(output: &Output) {
    assert!(output.status.success(), "{}", said(output));
}

fn refused(output: &Output, words: &[&str]) {
    assert_eq!(output.status.code(), Some(1), "{}", said(output));
    for word in words {
        assert!(said(output).contains(word), "{word}: {}", said(output));
    }
}

#[tokio::test]
async fn postgres_database_gets_an_owner_without_login() {
    let server = AdminServer::start().await;
    let other = server.url("first").replace("/orders", "/other%22s");
    let other = crate::support::migrate(&other);
    refused(&other, &["no database `other\"s`", "CREATE DATABASE \"other\"\"s\""]);
    done(&server.migrate("first", &[]));
    assert_eq!(server.owners().await, ["orders_owner"]);
    let can =
        "SELECT rolname::text FROM pg_roles WHERE rolname LIKE 'orders\\_%' AND (rolcanlogin OR rolsuper
         OR rolcreaterole OR rolcreatedb OR rolbypassrls)";
    assert!(server.texts(can).await.is_empty());

    let state = server.state().await;
    done(&server.migrate("first", &[]));
    assert_eq!(server.state().await, state, "the second time it changes nothing");
}

#[tokio::test]
async fn postgres_superuser_database_changes_owner() {
    let server = AdminServer::start().await;
    done(&server.migrate("postgres", &["--administrator", "first"]));
    assert_eq!(server.owners().await, ["orders_owner"]);
    let state = server.state().await;
    done(&server.migrate("postgres", &["--administrator", "first"]));
    assert_eq!(server.state().await, state);
    done(&server.migrate("first", &[]));
    assert_eq!(server.state().await, state);
}

#[tokio::test]
async fn postgres_second_administrator_can_migrate() {
    let server = AdminServer::start().await;
    done(&server.migrate("first", &["--administrator", "second"]));
    server.run("postgres", "orders", VERSION_BEFORE).await;
    let missing = server.migrate("first", &["--administrator", "no such role"]);
    refused(&missing, &["no role \"no such role\"", "administrator of the server first"]);

    done(&server.migrate("second", &["--administrator", "third"]));
    assert_eq!(server.owners().await, ["orders_owner"]);
    let version = "SELECT max(version)::text FROM _sqlx_migrations";
    assert_eq!(server.texts(version).await, ["1"]);
    done(&server.migrate("third", &[]));
    refused(&server.migrate("stranger", &[]), &["may not act as orders_owner", "--administrator"]);
    server.run("third", "orders", "REVOKE CONNECT ON DATABASE orders FROM PUBLIC").await;
    refused(&server.migrate("stranger", &[]), &["may not connect", "--administrator"]);
}

#[tokio::test]
async fn postgres_previous_schema_changes_owner_and_keeps_rows() {
    let server = AdminServer::start().await;
    server.run("first", "postgres", "CREATE DATABASE orders").await;
    server.run("first", "orders", "CREATE ROLE orders_api; CREATE ROLE orders_processor").await;
    // As versions before this one did it: under the login that migrated.
    SCHEMA.run(&mut server.connect("first", "orders").await).await.expect("the schema is made");
    server.run("first", "orders", "INSERT INTO products VALUES ('X', 'X', 'EUR', 1, true, 1, 0)").await;

    let state = server.state().await;
    let other = server.migrate("second", &[]);
    let word = if server.is_16_or_later().await {
        "role orders_api was made by first"
    } else {
        "database orders belongs to first"
    };
    refused(&other, &[word, "--administrator"]);
    assert_eq!(server.state().await, state, "what is refused changes nothing");
    done(&server.migrate("first", &["--administrator", "second"]));
    assert_eq!(server.owners().await, ["orders_owner"]);
    assert_eq!(server.texts("SELECT sku FROM products").await, ["X"]);
    done(&server.migrate("second", &[]));
}
