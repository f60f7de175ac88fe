//! The database on its server, and what this process knows of it.

use std::{str::FromStr, sync::OnceLock};

use sqlx::postgres::PgConnectOptions;

use super::{
    in_flight::InFlight,
    lanes::Lanes,
    limits::{LOCK, SERVER_STATEMENT},
    migrate,
    pool::{Pool, SignIn},
    sql,
};
use crate::{
    azure::ManagedIdentity,
    clock::Clock,
    store::{
        Store as _,
        bounds::bounded,
        error::{OpenError, StoreError},
        examined::{Examined, Rights},
    },
};

/// A database on a server.
pub(in crate::store) struct Postgres {
    pub(super) address: PgConnectOptions,
    pub(super) pool: Pool,
    pub(super) sign_in: Option<SignIn>,
    pub(super) connections: u32,
    /// Set once the schema was found to be new enough.
    pub(super) current: OnceLock<()>,
    pub(super) in_flight: InFlight,
    pub(super) lanes: Lanes,
}

impl Postgres {
    /// Reads the URL; touches no network. Signs in as `identity`, else by what the URL says.
    pub(in crate::store) fn open(
        url: &str,
        connections: u32,
        identity: Option<ManagedIdentity>,
    ) -> Result<Self, OpenError> {
        let address = PgConnectOptions::from_str(url).map_err(OpenError::Malformed)?;
        let address = address.application_name("orders-worker");
        let limited = address.clone().options(
            [("statement_timeout", SERVER_STATEMENT), ("lock_timeout", LOCK)]
                .map(|(name, limit)| (name, limit.as_millis().to_string())),
        );
        let sign_in = identity.map(|identity| SignIn::new(identity, Clock));
        let pool = Pool::new(limited, connections, sign_in.clone());
        let (current, in_flight, lanes) = (OnceLock::new(), InFlight::default(), Lanes::of(connections));
        Ok(Self { address, pool, sign_in, connections, current, in_flight, lanes })
    }

    /// Schema and rights, as the login sees them. A login that may not even read the version has no schema.
    pub(in crate::store) async fn examine(&self) -> Result<Examined, StoreError> {
        let current = match bounded(self.ping()).await {
            Ok(()) => true,
            Err(StoreError::Outdated) => false,
            Err(StoreError::Unavailable(error)) if migrate::is_forbidden(&error) => false,
            Err(error) => return Err(error),
        };
        let (encrypted, owner, api, processor) =
            sqlx::query_as(sql::RIGHTS).fetch_one(self.pool.to_read()).await?;
        Ok(Examined { current, rights: Some(Rights { encrypted, owner, api, processor }) })
    }
}
