//! Maintenance of an open database: it notices that its files are gone, and truncates the write-ahead log where the
//! checkpoints of the calls cannot.

use std::{sync::Arc, time::Duration};

use sqlx::SqliteConnection;
use tokio::time::sleep;

use super::files::{FileReplaced, Files};
use crate::telemetry::Event;

/// How often it looks.
const INTERVAL: Duration = Duration::from_secs(2);

/// The size in bytes from which the write-ahead log is truncated. SQLite's own checkpoints keep the log near 4 MB.
pub(super) const WAL_LIMIT: u64 = 16 * 1024 * 1024;

/// The size in bytes from which a log event says that the write-ahead log cannot be truncated.
const WAL_LARGE: u64 = 4 * WAL_LIMIT;

/// Copies as much as possible into the database, and blocks neither readers nor writers.
const CHECKPOINT: &str = "PRAGMA wal_checkpoint(PASSIVE)";

/// Holds up writers while it copies, so there must be next to nothing left to copy.
const TRUNCATE: &str = "PRAGMA wal_checkpoint(TRUNCATE)";

/// Gives up at once where another connection is in the way.
const NO_BUSY_TIMEOUT: &str = "PRAGMA busy_timeout = 0";

/// The connection that stays open as long as the store does: without it SQLite would delete the write-ahead log when
/// the pools close their last connection, which looks like a deletion by another program.
pub(super) struct Maintenance {
    connection: SqliteConnection,
    files: Arc<Files>,
    replaced: Option<FileReplaced>,
    is_large: bool,
}

impl Maintenance {
    /// # Errors
    /// When the connection fails.
    pub(super) async fn new(
        mut connection: SqliteConnection,
        files: Arc<Files>,
    ) -> Result<Self, sqlx::Error> {
        sqlx::query(NO_BUSY_TIMEOUT).execute(&mut connection).await?;
        Ok(Self { connection, files, replaced: None, is_large: false })
    }

    /// Checks the files and the log at intervals, until the future is dropped.
    pub(super) async fn run(mut self) {
        loop {
            sleep(INTERVAL).await;
            let replaced = self.files.check().err();
            if replaced != self.replaced {
                self.report(replaced).await;
            }
            if self.replaced.is_none() {
                self.truncate_wal().await;
            }
        }
    }

    async fn report(&mut self, replaced: Option<FileReplaced>) {
        match &replaced {
            None => Event::DatabaseFileRestored {}.log(),
            Some(FileReplaced { file, only_wal_is_lost }) => {
                if *only_wal_is_lost {
                    // Acknowledged changes that exist in the lost log alone would be gone after a restart.
                    self.checkpoint(CHECKPOINT).await;
                }
                Event::DatabaseFileReplaced { file }.log();
            }
        }
        self.replaced = replaced;
    }

    async fn truncate_wal(&mut self) {
        if self.files.wal_bytes() > WAL_LIMIT && self.checkpoint(CHECKPOINT).await {
            self.checkpoint(TRUNCATE).await;
        }
        let wal_bytes = self.files.wal_bytes();
        if !self.is_large && wal_bytes > WAL_LARGE {
            self.is_large = true;
            Event::WalLarge { wal_bytes }.log();
        } else if self.is_large && wal_bytes <= WAL_LIMIT {
            self.is_large = false;
            Event::WalTruncated { wal_bytes }.log();
        }
    }

    /// Whether all of the log is in the database now. A checkpoint that failed is tried again at the next interval.
    async fn checkpoint(&mut self, statement: &'static str) -> bool {
        let done: Result<(i64, i64, i64), _> =
            sqlx::query_as(statement).fetch_one(&mut self.connection).await;
        done.is_ok_and(|(busy, frames, copied)| busy == 0 && frames == copied)
    }
}
