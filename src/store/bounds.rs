//! How long a unit of work may take.

use std::{
    io::{self, ErrorKind},
    time::Duration,
};

use tokio::time::timeout;

use super::StoreError;
use crate::limits::LIMITS;

/// How long a unit of work waits for a connection: `docs/reference/api.md#limits`.
pub(super) const POOL_WAIT: Duration = LIMITS.peers.connection;

/// How long a statement may take, or wait for another that writes: `docs/reference/api.md#limits`.
pub(super) const STATEMENT: Duration = LIMITS.peers.statement;

/// How long a migration waits for a lock before it says so.
pub(super) const WAIT_UNREPORTED: Duration = Duration::from_secs(2);

/// How often it says so again.
pub(super) const WAIT_REMINDER: Duration = Duration::from_secs(10);

/// Runs a unit of work within its deadline.
pub(super) async fn bounded<T: Send, E: From<StoreError> + Send>(
    work: impl Future<Output = Result<T, E>> + Send,
) -> Result<T, E> {
    let limit = POOL_WAIT + STATEMENT;
    timeout(limit, work).await.unwrap_or_else(|_| {
        let said = format!("the work was not done within {} s", limit.as_secs());
        Err(StoreError::from(sqlx::Error::Io(io::Error::new(ErrorKind::TimedOut, said))).into())
    })
}

/// How many connections of a pool are in somebody's hands.
pub(super) fn busy<D: sqlx::Database>(pool: &sqlx::Pool<D>) -> u32 {
    let idle = u32::try_from(pool.num_idle()).unwrap_or(u32::MAX);
    pool.size().saturating_sub(idle)
}
