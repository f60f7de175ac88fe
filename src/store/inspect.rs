//! Inspects a database without changing it, for `orders-worker doctor`.

use std::path::Path;

use super::{
    Pooler,
    error::{OpenError, StoreError},
    inspection::{Inspection, SchemaState},
    postgres, sqlite,
};
use crate::azure::ManagedIdentity;

/// Inspects the database at `url`; a relative path of a file starts at `folder`. Changes nothing.
///
/// # Errors
/// [`StoreError::Unavailable`] when it does not answer within seconds, or the URL cannot be used.
pub async fn inspect(
    url: &str,
    folder: &Path,
    identity: Option<ManagedIdentity>,
    pooler: Pooler,
) -> Result<Inspection, StoreError> {
    let unusable = |error: OpenError| StoreError::Unavailable(sqlx::Error::Configuration(error.into()));
    if let Some(path) = url.strip_prefix("sqlite://") {
        let file = folder.join(path);
        let is_usable = sqlite::is_usable(&file).await?;
        let schema = if is_usable { SchemaState::Current } else { SchemaState::Outdated };
        return Ok(Inspection { schema, privileges: None });
    }
    let database = postgres::Postgres::open(url, 1, identity, pooler).map_err(unusable)?;
    database.inspect().await
}
