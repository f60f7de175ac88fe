//! Looking at a database without changing it: for `orders-worker doctor`.

use std::path::Path;

use super::{OpenError, StoreError, postgres, sqlite};
use crate::azure::ManagedIdentity;

/// What a look at the database showed.
#[derive(Clone, Copy, Debug)]
pub struct Examined {
    /// Whether the schema is new enough; a file that is not there yet is made when the worker starts.
    pub current: bool,
    /// What holds for the login, on an engine that has logins.
    pub rights: Option<Rights>,
}

/// What a login is, and may do.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is the answer to a question of its own")]
pub struct Rights {
    /// Its connection is encrypted.
    pub encrypted: bool,
    /// It owns the tables, or may do anything on the server.
    pub owner: bool,
    /// It has the rights of the api.
    pub api: bool,
    /// It has the rights of the processor.
    pub processor: bool,
}

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
