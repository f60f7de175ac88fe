//! The connections of this process to PostgreSQL.
//!
//! sqlx's own pool pings each returned connection in a separate task, without a time limit, while it occupies a place
//! of the pool: a server that falls silent takes the places for good
//! (<https://github.com/transact-rs/sqlx/issues/4349>). It also drops an unfinished login when the caller who asked
//! for it has gone. This pool takes a connection back only when the last answer on it was read to its end, and then
//! without I/O; every other connection is closed, and its place is free at once.

use std::{
    fmt,
    sync::{Arc, Mutex, atomic::AtomicU64},
    time::Duration,
};

use deadpool::unmanaged::{self, Object};
use log::LevelFilter;
use sqlx::{ConnectOptions as _, Error, postgres::PgConnectOptions};
use tokio::{
    sync::{Semaphore, watch},
    time::Instant,
};

use crate::store::Pooler;

mod arrays;
mod connector;
mod executor;
mod failure;
mod lease;
mod login_backoff;
mod pool_state;
mod prepared_statements;
mod statement;
mod token_cache;
mod transaction;
mod write_gate;
mod write_lease;

pub(super) use executor::PoolExecutor;
pub(super) use failure::{has_sqlstate, is_connection_error, sqlstate};
use lease::Lease;
use login_backoff::Logins;
use pool_state::{PoolState, PooledConnection};
pub(super) use token_cache::DatabaseTokenCache;
use write_gate::WriteGate;

/// A pool with a fixed number of places. Cloning shares them.
#[derive(Clone)]
pub(super) struct Pool(Arc<PoolState>);

impl Pool {
    /// Touches no network, and needs no runtime. The first statement makes the first connection.
    pub(super) fn new(
        address: PgConnectOptions,
        connections: u32,
        tokens: Option<DatabaseTokenCache>,
        pooler: Pooler,
    ) -> Self {
        let size = connections.max(1) as usize;
        Self(Arc::new(PoolState {
            // An outage has a line when it begins and one when it ends, and not one for each statement that it slows.
            address: address.log_slow_statements(LevelFilter::Off, Duration::MAX),
            tokens,
            pooler,
            idle: unmanaged::Pool::new(size),
            slots: Arc::new(Semaphore::new(size)),
            logins: watch::Sender::new(Logins::new(Instant::now())),
            write_gate: WriteGate::new(Instant::now()),
            plan_generation: AtomicU64::new(0),
            token: AtomicU64::new(0),
            last_sweep: Mutex::new(Instant::now()),
        }))
    }

    /// How many connections run a statement.
    pub(super) fn in_use(&self) -> u32 {
        let status = self.0.idle.status();
        u32::try_from(status.size.saturating_sub(status.available)).unwrap_or(u32::MAX)
    }

    /// A connection for this caller alone. Waits at most [`POOL_TIMEOUT`](crate::store::timeouts::POOL_TIMEOUT).
    ///
    /// # Errors
    /// Why the last login failed, or [`Error::PoolTimedOut`] when all connections are in use. At once, when there is
    /// no connection and waiting does not help. [`is_connection_error`] distinguishes these errors from those of a
    /// statement.
    async fn lease(&self) -> Result<Lease, Error> {
        if let Some(tokens) = &self.0.tokens {
            tokens.renew_when_due();
        }
        while let Ok(object) = self.0.idle.try_get() {
            if let Some(lease) = self.lease_of(object) {
                return Ok(lease);
            }
        }
        self.wait_for_lease().await
    }

    /// None when the connection may not be used any more; then it is closed.
    fn lease_of(&self, object: Object<PooledConnection>) -> Option<Lease> {
        if self.0.is_usable(&object, Instant::now()) {
            return Some(Lease::new(object, Arc::clone(&self.0)));
        }
        self.0.close(object);
        None
    }
}

impl fmt::Debug for Pool {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Pool").field("idle", &self.0.idle.status()).finish_non_exhaustive()
    }
}
