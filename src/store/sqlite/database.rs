//! The database in its file: opened once, written to by one connection.

use std::{fs, path::PathBuf, str::FromStr, sync::Arc, time::Duration};

use log::LevelFilter;
use sqlx::{
    ConnectOptions as _, SqlitePool,
    migrate::Migrator,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};
use tokio::{sync::OnceCell, task::JoinSet};

use super::{
    files::Files,
    in_flight::InFlightRequests,
    maintenance::{Maintenance, WAL_LIMIT},
    transaction::{Transaction, TransactionMode},
};
use crate::store::{
    error::OpenError,
    timeouts::{POOL_TIMEOUT, STATEMENT_TIMEOUT},
};

/// A database in a file.
pub(in crate::store) struct Sqlite {
    pub(super) file: PathBuf,
    /// Makes the file where there is none; the pools never do, for a new file in the place of a lost one is empty.
    pub(super) first: SqliteConnectOptions,
    /// A single connection: writers queue for it in this process instead of colliding in the file.
    pub(super) writer: SqlitePool,
    pub(super) readers: SqlitePool,
    opened: OnceCell<Opened>,
    /// The keys of requests under way.
    pub(super) in_flight: InFlightRequests,
}

/// What there is since the first use.
struct Opened {
    files: Arc<Files>,
    /// Ends with the store.
    _maintenance: JoinSet<()>,
}

impl Sqlite {
    /// Reads the URL; touches neither the disk nor the database.
    pub(in crate::store) fn open(url: &str, connections: u32) -> Result<Self, OpenError> {
        let options = SqliteConnectOptions::from_str(url).map_err(OpenError::Malformed)?;
        if url.contains(":memory:") || url.contains("mode=memory") {
            return Err(OpenError::InMemory);
        }
        // NORMAL syncs the disk at checkpoints only. A commit has left the process by then, so killing the process
        // loses nothing; what a power cut may lose, a laptop can lose.
        let options = options
            .create_if_missing(false)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Normal)
            .busy_timeout(STATEMENT_TIMEOUT)
            .foreign_keys(true)
            .pragma("journal_size_limit", WAL_LIMIT.to_string())
            // An outage has a line when it begins and one when it ends, and not one for each statement that it slows.
            .log_slow_statements(LevelFilter::Off, Duration::MAX);
        // A connection that failed is not in the pool, so none is tested before it is used.
        let pool = |most| {
            let pool = SqlitePoolOptions::new().max_connections(most).acquire_timeout(POOL_TIMEOUT);
            pool.test_before_acquire(false)
        };
        Ok(Self {
            file: options.get_filename().to_owned(),
            first: options.clone().create_if_missing(true),
            writer: pool(1).connect_lazy_with(options.clone()),
            readers: pool(connections.saturating_sub(1).max(1)).connect_lazy_with(options),
            opened: OnceCell::new(),
            in_flight: InFlightRequests::default(),
        })
    }

    /// Brings the schema up on the first call; waiting callers share one attempt, and the next call tries again
    /// when it failed.
    pub(super) async fn ready(&self) -> Result<&Arc<Files>, sqlx::Error> {
        self.opened.get_or_try_init(|| self.create()).await.map(|opened| &opened.files)
    }

    async fn create(&self) -> Result<Opened, sqlx::Error> {
        if let Some(folder) = self.file.parent() {
            fs::create_dir_all(folder)?;
        }
        let first = SqlitePoolOptions::new().max_connections(1).connect_lazy_with(self.first.clone());
        migrator().run(&first).await?;
        let connection = first.acquire().await?;
        let files = Arc::new(Files::of(&self.file)?);
        let maintenance = Maintenance::new(connection.detach(), Arc::clone(&files)).await?;
        let mut tasks = JoinSet::new();
        tasks.spawn(maintenance.run());
        Ok(Opened { files, _maintenance: tasks })
    }

    pub(super) async fn read(&self) -> Result<Transaction, sqlx::Error> {
        Transaction::begin(&self.readers, TransactionMode::Read, self.ready().await?).await
    }

    pub(super) async fn write(&self) -> Result<Transaction, sqlx::Error> {
        Transaction::begin(&self.writer, TransactionMode::Write, self.ready().await?).await
    }
}

/// Newer schemas than this binary's are left alone: a schema works with the binary before it too.
pub(super) fn migrator() -> Migrator {
    let mut migrator = sqlx::migrate!("src/store/migrations/sqlite");
    migrator.set_ignore_missing(true);
    migrator
}
