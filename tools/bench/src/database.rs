//! The one PostgreSQL of a run, with what is there to be read, and the statements that the worker sends to it.

use std::{path::Path, process::Command, time::Duration};

use anyhow::{Context as _, ensure};
use sqlx::{Connection as _, PgConnection};
use test_servers::{Database as Fresh, Handler, Postgres, postgres::Source};

use crate::{
    http::Connection,
    process,
    requests::{Operation, READER, STORED_ORDERS, TENANT},
    server::{self, Peer, Programs},
    statement::{self, Statement, Statements},
};

/// A commit waits for the disk, as in production; the rest keeps the server's own housekeeping out of single figures
/// and makes statements readable in full.
const SETTINGS: [&str; 6] = [
    "fsync=on",
    "synchronous_commit=on",
    "max_connections=400",
    "max_wal_size=4GB",
    "checkpoint_timeout=30min",
    "track_activity_query_size=16384",
];

/// A database of a server of its own.
pub(crate) struct Database {
    /// Declared first: it goes before its server does.
    fresh: Fresh,
    server: Postgres,
    postmaster: u32,
}

impl Database {
    /// Starts the server, brings the schema up as a deployment does, and fills in what is read.
    pub(crate) async fn start(worker: &Path) -> anyhow::Result<Self> {
        let server = Postgres::start(&SETTINGS)?;
        let fresh = server.database().await?;
        migrate(worker, &fresh.url())?;
        let mut connection = PgConnection::connect(&fresh.url()).await?;
        ensure_fsync(&mut connection).await?;
        let backend: i32 = sqlx::query_scalar("SELECT pg_backend_pid()").fetch_one(&mut connection).await?;
        fill(&mut connection).await.context("cannot fill the database")?;
        connection.close().await?;
        let postmaster = process::parent(backend.unsigned_abs()).unwrap_or_default();
        Ok(Self { fresh, server, postmaster })
    }

    pub(crate) fn url(&self) -> String {
        self.fresh.url()
    }

    /// Where its programs are, in words.
    pub(crate) fn source(&self) -> String {
        self.server.source().to_string()
    }

    /// Debian brings pgbench with the server; npm does not.
    pub(crate) fn pgbench(&self) -> Option<std::path::PathBuf> {
        let Source::Installed(folder) = self.server.source() else { return None };
        Some(folder.join("pgbench")).filter(|program| program.is_file())
    }

    /// The processor time of the whole server.
    pub(crate) fn processor_time(&self) -> Option<Duration> {
        process::processor_time_of_family(self.postmaster)
    }

    pub(crate) async fn connect(&self) -> anyhow::Result<PgConnection> {
        Ok(PgConnection::connect(&self.url()).await?)
    }

    /// Runs each operation once on the worker and reads its statements from the server: so all candidates run the same
    /// statements, even when the worker's change.
    pub(crate) async fn statements(&self, programs: &Programs) -> anyhow::Result<Statements> {
        let worker = server::start(Peer::Worker, programs, &self.url(), 1, None)?;
        let mut looking = self.connect().await?;
        let mut seen = async |operation, types| {
            let text = sent_for(operation, &worker, &mut looking).await?;
            anyhow::Ok(Statement::new(text, types))
        };
        Ok(Statements {
            get: seen(Operation::GetOrder, statement::OF_GET).await?,
            list: seen(Operation::ListOrders, statement::OF_LIST).await?,
            create: seen(Operation::CreateOrder, statement::OF_CREATE).await?,
        })
    }
}

/// Brings the schema up.
pub(crate) fn migrate(worker: &Path, url: &str) -> anyhow::Result<()> {
    let migrated = Command::new(worker)
        .arg("migrate")
        // A shell in a container may hold variables that the worker takes for the platform's.
        .env_clear()
        .env("ORDERS_DATABASE_URL", url)
        .env("AZURE_FUNCTIONS_ENVIRONMENT", "Development")
        .output()
        .context("cannot run `orders-worker migrate`")?;
    ensure!(migrated.status.success(), "{}", String::from_utf8_lossy(&migrated.stderr));
    Ok(())
}

/// Refuses a server that does not wait for its disk.
pub(crate) async fn ensure_fsync(connection: &mut PgConnection) -> anyhow::Result<()> {
    let fsync: String = sqlx::query_scalar("SHOW fsync").fetch_one(connection).await?;
    ensure!(fsync == "on", "fsync is {fsync}: nothing measured on such a server counts");
    Ok(())
}

/// The last statement of the worker's one connection. Its sample of health may have come in between.
async fn sent_for(
    operation: Operation,
    worker: &Handler,
    looking: &mut PgConnection,
) -> anyhow::Result<String> {
    let mut connection = Connection::open(worker.address()).await?;
    let mut requests = operation.requests(0, 0);
    for _ in 0..10 {
        let mut request = Vec::new();
        requests(&mut request);
        let answer = connection.exchange(&request).await?;
        let body = String::from_utf8_lossy(answer.body);
        ensure!(answer.status == operation.status(), "{} was answered {body}", operation.name());
        let text: Option<String> = sqlx::query_scalar(
            "SELECT query FROM pg_stat_activity
             WHERE application_name = 'orders-worker' AND datname = current_database()
             AND query LIKE '%orders%' AND query NOT LIKE 'DO %'",
        )
        .fetch_optional(&mut *looking)
        .await?;
        if let Some(text) = text {
            return Ok(text);
        }
    }
    anyhow::bail!("the statement of {} was never seen", operation.name())
}

/// Products, and orders of three lines each with their history.
async fn fill(connection: &mut PgConnection) -> sqlx::Result<()> {
    let products = "INSERT INTO products (sku, name, currency, unit_price, active, version, updated_at)
         SELECT sku, sku, 'EUR', 1250, true, 1, 0 FROM unnest($1) AS sku";
    let mut skus: Vec<String> = ["ESPRESSO-1KG", "CUP-6", "FILTER-100"].map(str::to_owned).into();
    skus.extend((0..1000).map(|number| format!("SKU-{number}")));
    sqlx::query(products).bind(skus).execute(&mut *connection).await?;
    let orders =
        "INSERT INTO orders (id, owner_tenant, owner_object, reference, status, currency, total, note,
             version, created_at, updated_at)
         SELECT CAST('01000000-0000-7000-8000-' || lpad(to_hex(number), 12, '0') AS UUID), CAST($2 AS UUID),
             CAST($3 AS UUID), 'PO-' || number, 'placed',
             'EUR', 8750, 'ring twice', 1, 1735689600000000, 1735689600000000
         FROM generate_series(0, $1 - 1) AS number";
    sqlx::query(orders)
        .bind(i64::from(STORED_ORDERS))
        .bind(TENANT)
        .bind(READER)
        .execute(&mut *connection)
        .await?;
    let lines = "INSERT INTO order_lines (order_id, position, sku, quantity, unit_price, line_total)
         SELECT id, position, sku, quantity, 1250, quantity * 1250 FROM orders, (VALUES
             (0, 'ESPRESSO-1KG', 2), (1, 'CUP-6', 1), (2, 'FILTER-100', 4)) AS line (position, sku, quantity)";
    sqlx::query(lines).execute(&mut *connection).await?;
    let history =
        "INSERT INTO order_history (order_id, version, at, action, to_status, actor_kind, invocation_id)
         SELECT id, 1, created_at, 'place', 'placed', 'user', id FROM orders";
    sqlx::query(history).execute(&mut *connection).await?;
    for statement in ["VACUUM (ANALYZE)", "CHECKPOINT"] {
        sqlx::query(statement).execute(&mut *connection).await?;
    }
    Ok(())
}
