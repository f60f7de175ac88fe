//! Runs sqlx queries on the pool.

use futures_util::{
    StreamExt as _, TryStreamExt as _,
    future::{self, BoxFuture},
    stream::{self, BoxStream},
};
use sqlx::{
    Describe, Either, Error, Execute, Executor, Postgres, SqlStr,
    postgres::{PgQueryResult, PgRow, PgStatement, PgTypeInfo},
};

use super::{Pool, lease::Lease};

/// The pool for a unit of work: each statement takes a connection until the server has responded.
#[derive(Clone, Copy, Debug)]
pub(in crate::store::postgres) struct PoolExecutor<'p> {
    pool: &'p Pool,
    mode: AccessMode,
}

#[derive(Clone, Copy, Debug)]
enum AccessMode {
    Read,
    Write,
}

impl Pool {
    /// For statements that change nothing.
    pub(in crate::store::postgres) fn for_reads(&self) -> PoolExecutor<'_> {
        PoolExecutor { pool: self, mode: AccessMode::Read }
    }

    /// For statements of a unit of work that changes something.
    pub(in crate::store::postgres) fn for_writes(&self) -> PoolExecutor<'_> {
        PoolExecutor { pool: self, mode: AccessMode::Write }
    }
}

impl PoolExecutor<'_> {
    async fn lease(self) -> Result<Lease, Error> {
        match self.mode {
            AccessMode::Read => self.pool.lease().await,
            AccessMode::Write => self.pool.lease_to_write().await,
        }
    }
}

/// An answer is read whole before its first row is handed on: no caller holds a connection while it works on rows, and
/// none drops one that is half read. All statements here bring few rows.
impl<'p> Executor<'p> for PoolExecutor<'p> {
    type Database = Postgres;

    fn fetch_many<'e, 'q: 'e, E>(self, query: E) -> BoxStream<'e, Result<Either<PgQueryResult, PgRow>, Error>>
    where
        'p: 'e,
        E: Execute<'q, Postgres> + 'q,
    {
        let response = async move { self.lease().await?.execute(query).await };
        stream::once(response).map_ok(|answer| stream::iter(answer).map(Ok)).try_flatten().boxed()
    }

    fn fetch_all<'e, 'q: 'e, E>(self, query: E) -> BoxFuture<'e, Result<Vec<PgRow>, Error>>
    where
        'p: 'e,
        E: Execute<'q, Postgres> + 'q,
    {
        Box::pin(async move {
            let answer = self.lease().await?.execute(query).await?;
            Ok(answer.into_iter().filter_map(Either::right).collect())
        })
    }

    fn fetch_optional<'e, 'q: 'e, E>(self, query: E) -> BoxFuture<'e, Result<Option<PgRow>, Error>>
    where
        'p: 'e,
        E: Execute<'q, Postgres> + 'q,
    {
        Box::pin(async move {
            let answer = self.lease().await?.execute(query).await?;
            Ok(answer.into_iter().find_map(Either::right))
        })
    }

    fn prepare_with<'e>(
        self,
        _sql: SqlStr,
        _parameters: &'e [PgTypeInfo],
    ) -> BoxFuture<'e, Result<PgStatement, Error>>
    where
        'p: 'e,
    {
        Box::pin(future::err(not_run()))
    }

    fn describe<'e>(self, _sql: SqlStr) -> BoxFuture<'e, Result<Describe<Postgres>, Error>>
    where
        'p: 'e,
    {
        Box::pin(future::err(not_run()))
    }
}

/// A statement that is prepared and not run would belong to a connection that the caller does not keep.
fn not_run() -> Error {
    Error::Protocol("the pool only runs statements".to_owned())
}
