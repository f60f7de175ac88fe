//! One transaction on a connection of a pool.

use std::{
    ops::{Deref, DerefMut},
    sync::Arc,
};

use sqlx::{Sqlite as Engine, SqliteConnection, SqlitePool, pool::PoolConnection};

use super::files::Files;
use crate::store::WriteError;

const COMMIT: &str = "COMMIT";

const ROLLBACK: &str = "ROLLBACK";

/// How a transaction begins.
#[derive(Clone, Copy, Debug)]
pub(super) enum TransactionMode {
    /// The transaction only reads, and sees one state of the database.
    Read,
    /// The transaction takes the write lock at once: if it read first, another process could write before its first
    /// write.
    Write,
}

impl TransactionMode {
    fn statement(self) -> &'static str {
        match self {
            Self::Read => "BEGIN",
            Self::Write => "BEGIN IMMEDIATE",
        }
    }
}

/// A transaction. Unless it ends with [`commit`](Self::commit) or [`rollback`](Self::rollback), its connection is closed and
/// the pool opens another one: after a failed or interrupted statement SQLite alone knows whether a transaction is open,
/// and closing ends it in every case.
pub(in crate::store) struct Transaction {
    connection: PoolConnection<Engine>,
    files: Arc<Files>,
    ended: bool,
}

impl Transaction {
    /// # Errors
    /// When no connection is free in time, another process holds the write lock, or the files are not those that the
    /// store opened.
    pub(super) async fn begin(
        pool: &SqlitePool,
        mode: TransactionMode,
        files: &Arc<Files>,
    ) -> Result<Self, sqlx::Error> {
        files.check()?;
        let connection = pool.acquire().await?;
        let mut transaction = Self { connection, files: Arc::clone(files), ended: false };
        sqlx::query(mode.statement()).execute(&mut *transaction).await?;
        // The connection may have been opened just now, while the files were being replaced.
        transaction.files.check()?;
        Ok(transaction)
    }

    /// Commits.
    ///
    /// # Errors
    /// When the changes are not committed, or it is unknown whether they are: the connection failed, or the files were
    /// replaced meanwhile.
    pub(in crate::store) async fn commit(mut self) -> Result<(), sqlx::Error> {
        sqlx::query(COMMIT).execute(&mut *self).await?;
        self.files.check()?;
        self.ended = true;
        Ok(())
    }

    /// Rolls back and returns this error. A refusal leaves the connection to the pool; a failure closes it.
    pub(super) async fn rollback_with<T>(self, error: WriteError) -> Result<T, WriteError> {
        match error {
            WriteError::Store(_) => drop(self),
            _ => self.rollback().await,
        }
        Err(error)
    }

    /// Rolls back. Rolls back; a failure of the connection is ignored, because what was read is valid all the same.
    pub(super) async fn rollback(mut self) {
        self.ended = sqlx::query(ROLLBACK).execute(&mut *self).await.is_ok();
    }
}

impl Deref for Transaction {
    type Target = SqliteConnection;

    fn deref(&self) -> &SqliteConnection {
        &self.connection
    }
}

impl DerefMut for Transaction {
    fn deref_mut(&mut self) -> &mut SqliteConnection {
        &mut self.connection
    }
}

impl Drop for Transaction {
    fn drop(&mut self) {
        if !self.ended {
            self.connection.close_on_drop();
        }
    }
}
