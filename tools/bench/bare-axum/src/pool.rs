//! Where connections come from.

use std::ops::{Deref, DerefMut};

use deadpool::unmanaged::{self, Object};
use sqlx::{Connection as _, PgConnection, PgPool, Postgres, pool::PoolConnection, postgres::PgPoolOptions};

pub(crate) enum Pool {
    OfSqlx(PgPool),
    Unmanaged(unmanaged::Pool<PgConnection>),
}

/// A connection that goes back when it is dropped.
pub(crate) enum Lease {
    OfSqlx(PoolConnection<Postgres>),
    Unmanaged(Object<PgConnection>),
}

impl Pool {
    /// sqlx's own pool. It connects when it has to.
    pub(crate) fn of_sqlx(url: &str, size: u32) -> sqlx::Result<Self> {
        let options = PgPoolOptions::new().max_connections(size).test_before_acquire(false);
        Ok(Self::OfSqlx(options.connect_lazy(url)?))
    }

    /// The pool that the worker builds on, with all its connections open.
    pub(crate) async fn unmanaged(url: &str, size: u32) -> anyhow::Result<Self> {
        let mut connections = Vec::new();
        for _ in 0..size {
            connections.push(PgConnection::connect(url).await?);
        }
        Ok(Self::Unmanaged(connections.into()))
    }

    /// None when there is no connection to be had.
    pub(crate) async fn lease(&self) -> Option<Lease> {
        match self {
            Self::OfSqlx(pool) => pool.acquire().await.ok().map(Lease::OfSqlx),
            Self::Unmanaged(pool) => pool.get().await.ok().map(Lease::Unmanaged),
        }
    }
}

impl Deref for Lease {
    type Target = PgConnection;

    fn deref(&self) -> &PgConnection {
        match self {
            Self::OfSqlx(connection) => connection,
            Self::Unmanaged(connection) => connection,
        }
    }
}

impl DerefMut for Lease {
    fn deref_mut(&mut self) -> &mut PgConnection {
        match self {
            Self::OfSqlx(connection) => connection,
            Self::Unmanaged(connection) => connection,
        }
    }
}
