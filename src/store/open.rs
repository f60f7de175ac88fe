//! The choice of an engine.

use std::sync::Arc;

use super::{MonitoredStore, Pooler, Store, error::OpenError, postgres::Postgres, sqlite::Sqlite};
use crate::azure::ManagedIdentity;

/// Opens the store at `url`, with at most `connections` connections. Nothing is awaited and nothing touched: while the
/// database is unavailable, every method answers [`Unavailable`](super::StoreError::Unavailable). Each unit of work
/// has a deadline; a migration has none.
///
/// The login to PostgreSQL uses tokens of `identity`, if there is one, else the URL's user and password. A caller that
/// hands an identity in has made sure that the URL demands `sslmode=verify-full`.
///
/// `pooler` says what the URL leads to; a file has none.
///
/// # Errors
/// When the URL itself cannot be used.
pub fn open(
    url: &str,
    connections: u32,
    identity: Option<ManagedIdentity>,
    pooler: Pooler,
) -> Result<Arc<MonitoredStore>, OpenError> {
    let engine: Arc<dyn Store> = match url.split_once(':') {
        Some(("sqlite", _)) => Arc::new(Sqlite::open(url, connections)?),
        Some(("postgres" | "postgresql", _)) => Arc::new(Postgres::open(url, connections, identity, pooler)?),
        _ => return Err(OpenError::UnsupportedScheme),
    };
    Ok(Arc::new(MonitoredStore::new(engine)))
}
