//! The database of a running app: its own file, or its own database on a real server.

use std::{
    env,
    process::{Command, Output},
};

use sqlx::{Connection as _, PgConnection, SqliteConnection};
use tempfile::TempDir;
use test_servers::{Database, PgBouncer, Postgres};

use super::{TestApp, binary};

/// The environment variable that names the engine for all apps: `postgres`, or `pgbouncer` with PostgreSQL behind it.
/// Without it each app has a SQLite file.
const ENGINE: &str = "TEST_DATABASE";

const POOLER: &str = "pgbouncer";

/// A database that goes with its app.
pub(super) struct AppDatabase {
    /// As the app reaches it.
    pub(super) url: String,
    server: Option<Database>,
}

impl AppDatabase {
    /// An empty database with the schema of this version.
    pub(super) async fn fresh(folder: &TempDir) -> Self {
        match env::var(ENGINE).as_deref() {
            Ok(engine @ ("postgres" | POOLER)) => {
                let database = on_a_server().await;
                let output = migrate(&database.url());
                assert!(output.status.success(), "{output:?}");
                let url = if engine == POOLER { through_a_pooler(&database) } else { database.url() };
                Self { url, server: Some(database) }
            }
            Ok(other) => panic!("{ENGINE} is `postgres`, `{POOLER}` or not set; {other} is no engine"),
            Err(_) => {
                let file = folder.path().join("orders.db");
                Self { url: format!("sqlite://{}", file.display()), server: None }
            }
        }
    }

    /// Its address past any pooler.
    fn direct(&self) -> String {
        self.server.as_ref().map_or_else(|| self.url.clone(), Database::url)
    }

    /// Puts an active product into the table, at 12.90 euro.
    pub(super) async fn stock(&self, sku: &str) {
        let output = migrate(&self.direct());
        assert!(output.status.success(), "{output:?}");
        let written = if self.server.is_some() {
            let mut server = PgConnection::connect(&self.direct()).await.expect("the server answers");
            sqlx::query(PRODUCT).bind(sku).execute(&mut server).await.map(|done| done.rows_affected())
        } else {
            let mut file = SqliteConnection::connect(&self.url).await.expect("the file is there");
            sqlx::query(PRODUCT).bind(sku).execute(&mut file).await.map(|done| done.rows_affected())
        };
        assert_eq!(written.expect("the table is there"), 1);
    }

    async fn add_due_messages(&self, count: i64, blanks: i64) {
        let added = if self.server.is_some() {
            let mut server = PgConnection::connect(&self.direct()).await.expect("the server answers");
            let insert = sqlx::query(MESSAGES_ON_A_SERVER).bind(count).bind(blanks);
            insert.execute(&mut server).await.map(|done| done.rows_affected())
        } else {
            let mut file = SqliteConnection::connect(&self.url).await.expect("the file is there");
            let insert = sqlx::query(MESSAGES_IN_A_FILE).bind(count).bind(blanks);
            insert.execute(&mut file).await.map(|done| done.rows_affected())
        };
        assert_eq!(i64::try_from(added.expect("the table is there")), Ok(count), "all are there");
    }

    /// Makes every dead letter this many days older.
    pub(super) async fn age_letters(&self, days: i64) {
        let micros = days * 24 * 60 * 60 * 1_000_000;
        if self.server.is_some() {
            let mut server = PgConnection::connect(&self.direct()).await.expect("the server answers");
            sqlx::query(AGE_LETTERS).bind(micros).execute(&mut server).await.expect("the table is there");
        } else {
            let mut file = SqliteConnection::connect(&self.url).await.expect("the file is there");
            sqlx::query(AGE_LETTERS).bind(micros).execute(&mut file).await.expect("the table is there");
        }
    }
}

impl TestApp {
    /// What OpenTelemetry calls the engine of the app's database.
    pub(crate) fn database_system(&self) -> &'static str {
        if self.database.server.is_some() { "postgresql" } else { "sqlite" }
    }

    /// Puts so many due messages into the outbox, each with so many blanks at its end. Their ids count from 1; the
    /// one with the largest number is the oldest.
    pub(crate) async fn add_due_messages(&self, count: i64, blanks: i64) {
        self.database.add_due_messages(count, blanks).await;
    }
}

/// Moves the time at which messages were dead-lettered into the past.
const AGE_LETTERS: &str = "UPDATE dead_letters SET recorded_at = recorded_at - $1";

const MESSAGES_IN_A_FILE: &str = r#"WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < $1),
    ids (n, id) AS (SELECT n, printf('00000000-0000-7000-8000-%012x', n) FROM numbers)
    INSERT INTO outbox (message_id, binding, payload, created_at, due_at, sent)
    SELECT id, 'fulfilment', CAST('{"version":1,"messageId":"' || id || '","orderId":"' || id || '"}'
        || printf('%*s', $2, '') AS BLOB), 1700000000000000 - n, 1700000000000000, 1 FROM ids"#;

const MESSAGES_ON_A_SERVER: &str = r#"INSERT INTO outbox (message_id, binding, payload, created_at, due_at, sent)
    SELECT CAST(id AS UUID), 'fulfilment', convert_to('{"version":1,"messageId":"' || id || '","orderId":"' || id || '"}'
        || repeat(' ', CAST($2 AS INTEGER)), 'UTF8'), 1700000000000000 - n, 1700000000000000, 1
    FROM generate_series(1, $1) AS numbers (n)
    CROSS JOIN LATERAL (SELECT '00000000-0000-7000-8000-' || lpad(to_hex(n), 12, '0') AS id) AS ids"#;

const PRODUCT: &str = "INSERT INTO products (sku, name, currency, unit_price, active, version, updated_at)
    VALUES ($1, 'Beans', 'EUR', 1290, true, 1, 0)";

/// A database without a schema on the PostgreSQL of this run.
pub(crate) async fn on_a_server() -> Database {
    let server = Postgres::shared().unwrap_or_else(|error| panic!("{error}"));
    server.database().await.expect("the server makes databases")
}

/// The address of a database through the one pooler of this run.
fn through_a_pooler(database: &Database) -> String {
    PgBouncer::shared().unwrap_or_else(|error| panic!("{error}")).url(database)
}

/// The settings of an app for the database at `url`, unless `others` name another one.
pub(super) fn settings(url: &str, others: &[(String, String)]) -> Vec<(String, String)> {
    let name = "ORDERS_DATABASE_URL";
    let mut settings = vec![(name.to_owned(), url.to_owned())];
    let is_own = others.iter().all(|(other, _)| other != name);
    if is_own && env::var(ENGINE).is_ok_and(|engine| engine == POOLER) {
        settings.push(("ORDERS_DATABASE_POOLER".to_owned(), "transaction".to_owned()));
    }
    settings
}

/// Runs `orders-worker migrate`.
pub(crate) fn migrate(url: &str) -> Output {
    migration(url).output().expect("the binary runs")
}

/// The command `orders-worker migrate`.
pub(crate) fn migration(url: &str) -> Command {
    let mut command = Command::new(binary());
    command
        .arg("migrate")
        .env_clear()
        .env("AZURE_FUNCTIONS_ENVIRONMENT", "Development")
        .env("ORDERS_DATABASE_URL", url);
    command
}
