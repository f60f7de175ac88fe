//! The database on its server, and the state that this process has about it.

use std::{str::FromStr, sync::OnceLock};

use sqlx::postgres::PgConnectOptions;

use super::{
    bulkhead::LockBulkhead,
    in_flight::InFlight,
    limits::{LOCK_TIMEOUT, SERVER_STATEMENT_TIMEOUT},
    migrate,
    pool::{DatabaseTokenCache, Pool},
    sql,
};
use crate::{
    azure::ManagedIdentity,
    clock::Clock,
    store::{
        Store as _,
        deadline::with_deadline,
        error::{OpenError, StoreError},
        inspection::{Inspection, LoginPrivileges, SchemaState},
        settings::Pooler,
    },
};

/// A database on a server.
pub(in crate::store) struct Postgres {
    pub(super) address: PgConnectOptions,
    pub(super) pool: Pool,
    pub(super) tokens: Option<DatabaseTokenCache>,
    pub(super) connections: u32,
    pub(super) pooler: Pooler,
    /// Set once the schema was found to be new enough.
    pub(super) current: OnceLock<()>,
    pub(super) in_flight: InFlight,
    pub(super) bulkhead: LockBulkhead,
}

impl Postgres {
    /// Reads the URL; touches no network. Signs in as `identity`, else with the URL's user and password.
    pub(in crate::store) fn open(
        url: &str,
        connections: u32,
        identity: Option<ManagedIdentity>,
        pooler: Pooler,
    ) -> Result<Self, OpenError> {
        let address = PgConnectOptions::from_str(url).map_err(OpenError::Malformed)?;
        let address = address.application_name("orders-worker");
        let tokens = identity.map(|identity| DatabaseTokenCache::new(identity, Clock));
        let pool = Pool::new(address_for(&address, pooler), connections, tokens.clone(), pooler);
        let (current, in_flight, bulkhead) =
            (OnceLock::new(), InFlight::default(), LockBulkhead::new(connections));
        Ok(Self { address, pool, tokens, connections, pooler, current, in_flight, bulkhead })
    }

    /// Schema and rights, as the login sees them. A login that may not even read the version has no schema.
    pub(in crate::store) async fn inspect(&self) -> Result<Inspection, StoreError> {
        let schema = match with_deadline(self.ping()).await {
            Ok(()) => SchemaState::Current,
            Err(StoreError::SchemaOutdated) => SchemaState::Outdated,
            Err(StoreError::TextColumns) => SchemaState::TextColumns,
            Err(StoreError::Unavailable(error)) if migrate::is_forbidden(&error) => SchemaState::Outdated,
            Err(error) => return Err(error),
        };
        let (encrypted, owner, api, processor) =
            sqlx::query_as(sql::RIGHTS).fetch_one(self.pool.for_reads()).await?;
        Ok(Inspection { schema, privileges: Some(LoginPrivileges { encrypted, owner, api, processor }) })
    }
}

/// The address with what its connections ask for when they are made. A pooler refuses what it cannot keep apart for
/// each client (<https://www.pgbouncer.org/config.html#ignore_startup_parameters>); there each transaction begins with
/// its limits.
fn address_for(address: &PgConnectOptions, pooler: Pooler) -> PgConnectOptions {
    let address = address.clone();
    match pooler {
        Pooler::None => address.options(
            [("statement_timeout", SERVER_STATEMENT_TIMEOUT), ("lock_timeout", LOCK_TIMEOUT)]
                .map(|(name, limit)| (name, limit.as_millis().to_string())),
        ),
        Pooler::Transaction => address.extra_float_digits(None).statement_cache_capacity(0),
        Pooler::TransactionPrepared => address.extra_float_digits(None),
    }
}
