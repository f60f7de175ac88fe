//! Settings of the database.

use std::fmt;

use uuid::Uuid;

/// Which database, and how the worker connects to it.
#[derive(Clone, Debug)]
pub struct DatabaseSettings {
    /// The database's URL; the scheme names the engine.
    pub url: DatabaseUrl,
    /// Connections of this process, 1 to 100.
    pub pool: u32,
    /// `ORDERS_DATABASE_IDENTITY`: as which identity.
    pub sign_in: DatabaseSignIn,
    /// `ORDERS_DATABASE_POOLER`: what the URL leads to.
    pub pooler: Pooler,
}

/// What stands between the worker and PostgreSQL, and so what a connection keeps from one statement to the next.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Pooler {
    /// Nothing: a connection is a session of the server.
    #[default]
    None,
    /// A pooler that gives a connection for one transaction at a time, as PgBouncer with `pool_mode = transaction`.
    Transaction,
    /// The same, which also tracks named statements, as PgBouncer from 1.21 on with `max_prepared_statements`
    /// (<https://www.pgbouncer.org/config.html#max_prepared_statements>).
    TransactionPrepared,
}

/// How the worker signs in to its database.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum DatabaseSignIn {
    /// With the user and password of the URL.
    Password,
    /// With tokens of the app's managed identity. The URL then has no password, and its `sslmode` is `verify-full`.
    ManagedIdentity {
        /// `AZURE_CLIENT_ID`: the user-assigned identity, else the system-assigned one.
        client_id: Option<Uuid>,
    },
}

/// The address of a database. The URL may contain a password, so only [`Self::as_str`] shows it.
#[derive(Clone, Eq, PartialEq)]
pub struct DatabaseUrl(String);

impl DatabaseUrl {
    /// An address that was found to be one.
    pub(crate) fn new(text: String) -> Self {
        Self(text)
    }

    /// The system at the address, in the words of OpenTelemetry's `db.system.name`.
    #[must_use]
    pub fn system(&self) -> &'static str {
        if self.0.starts_with("sqlite:") { "sqlite" } else { "postgresql" }
    }

    /// The whole address, for the driver alone.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}://…", self.0.split(':').next().unwrap_or_default())
    }
}
