//! Looking at a database without changing it: for `orders-worker doctor`.

use std::path::Path;

use super::{
    error::{OpenError, StoreError},
    examined::Examined,
    postgres, sqlite,
};
use crate::azure::ManagedIdentity;

/// Looks at the database at `url`; the path of a file is taken from `folder`. Changes nothing there.
///
/// # Errors
/// [`StoreError::Unavailable`] when it does not answer within seconds, or the URL cannot be used.
pub async fn examine(
    url: &str,
    folder: &Path,
    identity: Option<ManagedIdentity>,
) -> Result<Examined, StoreError> {
    let unusable = |error: OpenError| StoreError::Unavailable(sqlx::Error::Configuration(error.into()));
    if let Some(path) = url.strip_prefix("sqlite://") {
        let file = folder.join(path);
        return Ok(Examined { current: sqlite::is_usable(&file).await?, rights: None });
    }
    let database = postgres::Postgres::open(url, 1, identity).map_err(unusable)?;
    database.examine().await
}
