//! The deadline of a unit of work.

use std::io::{self, ErrorKind};

use tokio::time::timeout;

use super::{
    error::StoreError,
    timeouts::{POOL_TIMEOUT, STATEMENT_TIMEOUT},
};

/// Runs a unit of work within its deadline.
pub(super) async fn with_deadline<T: Send, E: From<StoreError> + Send>(
    work: impl Future<Output = Result<T, E>> + Send,
) -> Result<T, E> {
    let limit = POOL_TIMEOUT + STATEMENT_TIMEOUT;
    timeout(limit, work).await.unwrap_or_else(|_| {
        let said = format!("the work was not done within {} s", limit.as_secs());
        Err(StoreError::from(sqlx::Error::Io(io::Error::new(ErrorKind::TimedOut, said))).into())
    })
}

/// How many connections of a pool are in use.
pub(super) fn connections_in_use<D: sqlx::Database>(pool: &sqlx::Pool<D>) -> u32 {
    let idle = u32::try_from(pool.num_idle()).unwrap_or(u32::MAX);
    pool.size().saturating_sub(idle)
}
