//! A database with text columns, as it was before the first release: what is said about it, and its copy.

use serde_json::{Value, json};
use sqlx::{Connection as _, PgConnection, migrate::Migrator};

use super::said;
use crate::support::{
    AdminServer, Client, EventLog, Mode, SOON, Setup, TENANT, TestApp, a_revision, an_order, deliver,
    migrate, migration, on_a_server, payload,
};

/// The old migrations.
static OLD: Migrator = sqlx::migrate!("tests/suite/migrate/text_columns/migrations");
const SET_ASIDE: &str = include_str!("text_columns/set_aside.sql");
const COPY_BACK: &str = include_str!("text_columns/copy_back.sql");
const ROWS: &str = include_str!("text_columns/rows.sql");

const TOLD: &str = "this database has the old column types: run `orders-worker migrate --from-text`";

fn from_text(url: &str) -> std::process::Output {
    migration(url).arg("--from-text").output().expect("the binary runs")
}

async fn rows(url: &str) -> Vec<String> {
    let mut server = PgConnection::connect(url).await.expect("the server answers");
    sqlx::query_scalar(ROWS).fetch_all(&mut server).await.expect("the tables are there")
}

/// Gives a database of this version the old columns, with all its rows.
async fn age(url: &str) {
    let mut server = PgConnection::connect(url).await.expect("the server answers");
    let mut run = async |statements: &'static str| {
        sqlx::raw_sql(statements).execute(&mut server).await.expect("the statements are right");
    };
    run("SET ROLE orders_owner").await;
    run(SET_ASIDE).await;
    OLD.run(&mut server).await.expect("the old schema is made");
    sqlx::raw_sql(COPY_BACK).execute(&mut server).await.expect("the rows fit");
}

/// An app in which messages wait until the test brings them.
fn on(url: &str) -> Setup {
    Setup::in_mode(Mode::Proxy)
        .set("ORDERS_DATABASE_URL", url)
        .set("ORDERS_OUTBOX_DEADLINE", "1s")
        .set("AzureWebJobs.FulfilOrder.Disabled", "true")
}

fn incoming(message: &str, sku: &str) -> String {
    let message = json!({
        "version": 1, "messageId": message,
        "owner": {"tenantId": TENANT, "objectId": "11111111-0000-4000-8000-000000000001"},
        "reference": "EDI-1", "currency": "EUR", "lines": [{"sku": sku, "quantity": 2}],
    });
    message.to_string()
}

const INGESTED: &str = "01890a5d-ac96-774b-bcce-b302099a8057";
const REFUSED: &str = "01890a5d-ac96-774b-bcce-b302099a8058";

/// Has the app process an order; returns the message that it sent, and takes it from the queue.
async fn processed(app: &TestApp, location: &str) -> String {
    assert_eq!(app.user("clerk").post_nothing(&format!("{location}/process")).await.status, 202);
    let message = app.queues.peek("orders-fulfilment").await[0].clone();
    app.queues.purge("orders-fulfilment").await;
    message
}

/// Makes rows of every kind, and in every status.
async fn fill(app: &TestApp) {
    let (admin, buyer) = (app.user("admin"), app.user("buyer"));
    admin.stock("BEANS", 1290).await;
    admin.stock("CUP", 1_000_000_000).await;
    let inactive = json!({"name": "Mug", "currency": "USD", "unitPrice": 1, "active": false});
    admin.with("if-none-match", "*").put("/api/products/MUG", &inactive).await;

    let placed = buyer.place("BEANS").await;
    let revision = a_revision("CUP");
    assert_eq!(buyer.with("if-match", "\"1\"").put(&placed, &revision).await.status, 200);
    let cancelled = buyer.place("CUP").await;
    assert_eq!(buyer.post_nothing(&format!("{cancelled}/cancel")).await.status, 200);
    assert_eq!(with_key(&buyer).await.status, 201);

    let fulfilled = buyer.place("BEANS").await;
    let message = processed(app, &fulfilled).await;
    let worker = app.at_the_worker().await;
    let delivery = json!({"Data": {"message": message}, "Metadata": {}});
    assert_eq!(worker.post("/FulfilOrder", &delivery).await.status, 200);
    app.becomes(&buyer, &fulfilled, "fulfilled", SOON).await;
    let failed = buyer.place("BEANS").await;
    let message = processed(app, &failed).await;
    app.queues.put("orders-fulfilment-poison", message).await;
    app.becomes(&buyer, &failed, "failed", SOON).await;
    let queued = buyer.place("BEANS").await;
    processed(app, &queued).await;

    deliver(app, "orders-incoming", incoming(INGESTED, "BEANS")).await;
    deliver(app, "orders-incoming", incoming(REFUSED, "TEAPOT")).await;
    deliver(app, "orders-incoming", b"{").await;
    let letters = admin.get("/api/dead-letters?limit=100").await.json();
    let malformed = letters["items"].as_array().expect("items").iter();
    let malformed = malformed.filter(|letter| letter["reason"] == "malformed").map(|letter| &letter["id"]);
    for id in malformed.map(|id| id.as_str().expect("an id")) {
        assert_eq!(admin.post_nothing(&format!("/api/dead-letters/{id}/replay")).await.status, 202);
    }
}

async fn with_key(buyer: &Client) -> crate::support::Reply {
    buyer.with("idempotency-key", "shop-4711").post("/api/orders", &an_order("BEANS")).await
}

/// All that callers can read, by its path.
async fn everything(app: &TestApp) -> Vec<(String, Value)> {
    let admin = app.user("admin");
    let lists = ["/api/products?limit=100", "/api/orders?scope=all&limit=100", "/api/dead-letters?limit=100"];
    let mut read = Vec::new();
    for path in lists {
        read.push((path.to_owned(), admin.get(path).await.json()));
    }
    let orders = read[1].1["items"].as_array().expect("items").clone();
    for id in orders.iter().map(|order| order["id"].as_str().expect("an id")) {
        for path in [format!("/api/orders/{id}"), format!("/api/orders/{id}/history?limit=100")] {
            let answer = admin.get(&path).await;
            assert_eq!(answer.status, 200, "{path}: {answer:?}");
            read.push((path, answer.json()));
        }
    }
    assert!(read.len() >= 3 + 2 * 7, "{read:?}");
    read
}

#[tokio::test]
async fn every_row_of_a_postgres_database_with_text_columns_means_the_same() {
    let database = on_a_server().await;
    let url = database.url();
    assert!(migrate(&url).status.success());
    let app = on(&url).start().await;
    fill(&app).await;
    let (kept, before) = (with_key(&app.user("buyer")).await, everything(&app).await);
    app.host.stop().await;
    let stored = rows(&url).await;
    for table in ["products", "orders", "lines", "history", "outbox", "inbox", "dead letters", "keys"] {
        assert!(stored.iter().any(|row| row.starts_with(table)), "{table} has no row: {stored:?}");
    }
    age(&url).await;

    let output = from_text(&url);
    assert!(output.status.success(), "{}", said(&output.stderr));
    assert_eq!(rows(&url).await, stored);
    let app = on(&url).start().await;
    assert_eq!(everything(&app).await, before);
    let again = with_key(&app.user("buyer")).await;
    assert_eq!((again.status, &again.body), (201, &kept.body));
    deliver(&app, "orders-incoming", incoming(INGESTED, "BEANS")).await;
    assert_eq!(everything(&app).await, before, "what was received is not received again");
    app.eventually("the open message is sent", SOON, async || {
        app.host.fire_timer("RelayOutbox").await.expect("the timer runs");
        !app.queues.is_empty("orders-fulfilment").await
    })
    .await;
    let message = payload(&app.queues.peek("orders-fulfilment").await[0]);
    let queued = format!("/api/orders/{}", message["orderId"].as_str().expect("an order"));
    assert_eq!(app.user("admin").get(&queued).await.json()["status"], "queued");
}

#[tokio::test]
async fn postgres_text_columns_are_refused_with_what_to_do() {
    let database = on_a_server().await;
    let url = database.url();
    assert!(migrate(&url).status.success());
    age(&url).await;
    let mut app = on(&url).start().await;
    let pid = app.host.worker_pid();
    let buyer = app.user("buyer");
    assert_eq!(
        (buyer.get("/api/orders").await.status, app.anonymous().get("/api/health").await.status),
        (503, 503)
    );
    let mut heard = EventLog::default();
    let tells =
        |heard: &EventLog| heard.events("database-schema-invalid").iter().any(|event| event["error"] == TOLD);
    heard.until(&mut app, "what to do", tells).await;

    let stored = rows(&url).await;
    let output = migrate(&url);
    assert_eq!(output.status.code(), Some(2), "{}", said(&output.stderr));
    assert!(said(&output.stderr).contains(TOLD), "{}", said(&output.stderr));
    assert_eq!(rows(&url).await, stored, "what is refused changes nothing");
    for arguments in [&["--from-text"][..], &["--from-text"], &[]] {
        let output = migration(&url).args(arguments).output().expect("the binary runs");
        assert!(output.status.success(), "{arguments:?}: {}", said(&output.stderr));
    }
    assert_eq!(buyer.get("/api/orders").await.status, 200);
    assert_eq!(app.host.worker_pid(), pid, "nothing was restarted");
}

/// A row that no version has written.
const FOREIGN: &str = "INSERT INTO inbox VALUES ('fulfilment', 'no UUID', 0)";

#[tokio::test]
async fn postgres_copy_from_text_stores_all_rows_or_none() {
    let server = AdminServer::start().await;
    assert!(server.migrate("first", &["--administrator", "second"]).status.success());
    age(&server.url("postgres")).await;
    let product = "INSERT INTO products VALUES ('X', 'X', 'EUR', 1, true, 1, 0)";
    server.run("postgres", "orders", product).await;
    server.run("postgres", "orders", FOREIGN).await;
    let stored = rows(&server.url("postgres")).await;
    let output = server.migrate("second", &["--from-text"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(said(&output.stderr).contains("invalid input syntax for type uuid"), "{}", said(&output.stderr));
    assert_eq!(rows(&server.url("postgres")).await, stored);

    server.run("postgres", "orders", "DELETE FROM inbox").await;
    let output = server.migrate("second", &["--from-text"]);
    assert!(output.status.success(), "{}", said(&output.stderr));
    assert_eq!(server.texts("SELECT sku FROM products").await, ["X"]);
    assert_eq!(server.owners().await, ["orders_owner"]);
}

#[test]
fn a_file_is_not_copied_from_text() {
    let folder = tempfile::tempdir().expect("a folder");
    let output = from_text(&format!("sqlite://{}", folder.path().join("orders.db").display()));
    let told = said(&output.stderr);
    assert!(output.status.code() == Some(2) && told.contains("keeps its text columns"), "{told}");
}
