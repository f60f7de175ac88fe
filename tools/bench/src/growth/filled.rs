//! A filled database with a worker on it, on the one server of a run.

use std::{path::Path, process::Command};

use anyhow::Context as _;
use sqlx::{Connection as _, PgConnection};
use test_servers::{Handler, Postgres};

use super::{
    added,
    bounds::CLIENTS,
    fill::{self, run},
    scale::Scale,
};
use crate::{
    database::{ensure_fsync, migrate},
    server::{self, Peer, Programs},
};

/// As in production, but for what would strike one scale by chance: a vacuum and a checkpoint come when a run asks for
/// them. Whether a commit waits for the disk is decided while the server runs.
const SETTINGS: [&str; 7] = [
    "synchronous_commit=on",
    "max_connections=100",
    "max_wal_size=8GB",
    "checkpoint_timeout=1h",
    "autovacuum=off",
    "maintenance_work_mem=256MB",
    "track_activity_query_size=16384",
];

/// One scale.
pub(super) struct Filled {
    pub(super) scale: Scale,
    pub(super) worker: Handler,
    pub(super) url: String,
    /// For what a round adds and removes.
    pub(super) connection: PgConnection,
}

/// Starts the server: on the kept data in `folder`, or on a new cluster that goes with it.
pub(super) fn serve(folder: Option<&Path>) -> anyhow::Result<Postgres> {
    // As Azure's server has it: <https://learn.microsoft.com/azure/postgresql/flexible-server/server-parameters-table-resource-usage-memory>.
    let shared =
        format!("shared_buffers={}MB", memory().map_or(128, |bytes| bytes / 4 / 1024 / 1024).max(128));
    let settings: Vec<&str> = SETTINGS.into_iter().chain([shared.as_str()]).collect();
    let server = match folder {
        Some(folder) => Postgres::start_in(folder, &settings),
        None => Postgres::start(&settings),
    };
    Ok(server?)
}

/// Bytes of the machine's memory; none where the system does not tell.
fn memory() -> Option<u64> {
    let told = std::fs::read_to_string("/proc/meminfo").ok()?;
    let line = told.lines().find_map(|line| line.strip_prefix("MemTotal:"))?;
    Some(line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()? * 1024)
}

/// Fills what is not filled yet, without waiting for the disk; from then on every commit does.
pub(super) async fn fill(server: &Postgres, worker: &Path, scales: &[Scale], now: i64) -> anyhow::Result<()> {
    let mut administrator = PgConnection::connect(&format!("{}/postgres", server.url())).await?;
    for statement in ["ALTER SYSTEM SET fsync = off", "ALTER SYSTEM SET full_page_writes = off"] {
        run(&mut administrator, statement).await?;
    }
    run(&mut administrator, "SELECT pg_reload_conf()").await?;
    for &scale in scales {
        let mut connection = open(server, worker, &mut administrator, scale).await?;
        fill::fill(&mut connection, scale).await?;
        added::remove(&mut connection).await?;
        fill::messages(&mut connection, scale, now).await?;
        connection.close().await?;
    }
    run(&mut administrator, "CHECKPOINT").await?;
    // What the server only handed to the system must not be in the way of the first commits that wait.
    Command::new("sync").status().context("cannot run sync")?;
    run(&mut administrator, "ALTER SYSTEM RESET ALL").await?;
    run(&mut administrator, "SELECT pg_reload_conf()").await?;
    administrator.close().await?;
    Ok(())
}

/// The database with the schema of this worker. One whose schema the worker does not know is made anew.
async fn open(
    server: &Postgres,
    worker: &Path,
    administrator: &mut PgConnection,
    scale: Scale,
) -> anyhow::Result<PgConnection> {
    let url = url(server, scale);
    let exists: bool = sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM pg_database WHERE datname = $1)")
        .bind(scale.database)
        .fetch_one(&mut *administrator)
        .await?;
    if !exists || migrate(worker, &url).is_err() {
        run(administrator, scale.remove).await?;
        run(administrator, scale.create).await?;
        migrate(worker, &url)?;
    }
    Ok(PgConnection::connect(&url).await?)
}

fn url(server: &Postgres, scale: Scale) -> String {
    format!("{}/{}", server.url(), scale.database)
}

impl Filled {
    /// Starts a worker on the database, whose pages are brought to memory as far as there is room.
    pub(super) async fn start(server: &Postgres, programs: &Programs, scale: Scale) -> anyhow::Result<Self> {
        let url = url(server, scale);
        let mut connection = PgConnection::connect(&url).await?;
        ensure_fsync(&mut connection).await?;
        if run(&mut connection, "CREATE EXTENSION IF NOT EXISTS pg_prewarm").await.is_ok() {
            let warm = "SELECT sum(pg_prewarm(oid)) FROM pg_class
                 WHERE relkind IN ('r', 'i') AND relnamespace = CAST('public' AS regnamespace)";
            run(&mut connection, warm).await?;
        }
        let worker = server::start(Peer::Worker, programs, &url, CLIENTS, None)?;
        Ok(Self { scale, worker, url, connection })
    }
}
