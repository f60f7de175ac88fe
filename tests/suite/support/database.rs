//! The database of a running app: its own file, or its own database on a real server.

use std::{
    env,
    process::{Command, Output},
};

use sqlx::{Connection as _, PgConnection, SqliteConnection};
use tempfile::TempDir;
use test_servers::{Database, Postgres};

use super::binary;

/// Names the engine for all apps: `postgres`; a file without it.
const ENGINE: &str = "TEST_DATABASE";

/// A database that goes with its app.
pub(super) struct AppDatabase {
    pub(super) url: String,
    server: Option<Database>,
}

impl AppDatabase {
    /// An empty one, of this version.
    pub(super) async fn fresh(folder: &TempDir) -> Self {
        match env::var(ENGINE).as_deref() {
            Ok("postgres") => {
                let database = on_a_server().await;
                let output = migrate(&database.url());
                assert!(output.status.success(), "{output:?}");
                Self { url: database.url(), server: Some(database) }
            }
            Ok(other) => panic!("{ENGINE} is `postgres` or not set; {other} is no engine"),
            Err(_) => {
                let file = folder.path().join("orders.db");
                Self { url: format!("sqlite://{}", file.display()), server: None }
            }
        }
    }

    /// Puts an active product into the table, at 12.90 euro.
    pub(super) async fn stock(&self, sku: &str) {
        let output = migrate(&self.url);
        assert!(output.status.success(), "{output:?}");
        let written = if self.server.is_some() {
            let mut server = PgConnection::connect(&self.url).await.expect("the server answers");
            sqlx::query(PRODUCT).bind(sku).execute(&mut server).await.map(|done| done.rows_affected())
        } else {
            let mut file = SqliteConnection::connect(&self.url).await.expect("the file is there");
            sqlx::query(PRODUCT).bind(sku).execute(&mut file).await.map(|done| done.rows_affected())
        };
        assert_eq!(written.expect("the table is there"), 1);
    }

    /// Makes every dead letter this many days older.
    pub(super) async fn age_letters(&self, days: i64) {
        let micros = days * 24 * 60 * 60 * 1_000_000;
        if self.server.is_some() {
            let mut server = PgConnection::connect(&self.url).await.expect("the server answers");
            sqlx::query(AGE_LETTERS).bind(micros).execute(&mut server).await.expect("the table is there");
        } else {
            let mut file = SqliteConnection::connect(&self.url).await.expect("the file is there");
            sqlx::query(AGE_LETTERS).bind(micros).execute(&mut file).await.expect("the table is there");
        }
    }
}

/// Moves the time at which messages were dead-lettered into the past.
const AGE_LETTERS: &str = "UPDATE dead_letters SET recorded_at = recorded_at - $1";

const PRODUCT: &str = "INSERT INTO products (sku, name, currency, unit_price, active, version, updated_at)
    VALUES ($1, 'Beans', 'EUR', 1290, true, 1, 0)";

/// A database without a schema on the PostgreSQL of this run.
pub(crate) async fn on_a_server() -> Database {
    let server = Postgres::shared().unwrap_or_else(|error| panic!("{error}"));
    server.database().await.expect("the server makes databases")
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
