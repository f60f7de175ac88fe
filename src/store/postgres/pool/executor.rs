//! What lets sqlx's statements run on the pool.

use futures_util::{
    StreamExt as _, TryStreamExt as _,
    future::BoxFuture,
    stream::{self, BoxStream},
};
use sqlx::{
    Describe, Either, Error, Execute, Executor, Postgres, SqlStr,
    postgres::{PgQueryResult, PgRow, PgStatement, PgTypeInfo},
};

use super::{Pool, lease::Lease};

/// The pool in the hands of a unit of work: each statement takes a connection for as long as the server answers.
#[derive(Clone, Copy, Debug)]
pub(in crate::store::postgres) struct Access<'p> {
    pool: &'p Pool,
    purpose: Purpose,
}

#[derive(Clone, Copy, Debug)]
enum Purpose {
    Read,
    Write,
}

impl Pool {
    /// For statements that change nothing.
    pub(in crate::store::postgres) fn to_read(&self) -> Access<'_> {
        Access { pool: self, purpose: Purpose::Read }
    }

    /// For statements of a unit of work that changes something.
    pub(in crate::store::postgres) fn to_write(&self) -> Access<'_> {
        Access { pool: self, purpose: Purpose::Write }
    }
}

impl Access<'_> {
    async fn lease(self) -> Result<Lease, Error> {
        match self.purpose {
            Purpose::Read => self.pool.lease().await,
            Purpose::Write => self.pool.lease_to_write().await,
        }
    }
}

/// An answer is whole before its first row is handed on: no caller holds a connection while it works on rows, and none
/// drops one that is half read. All statements here bring few rows.
impl<'p> Executor<'p> for Access<'p> {
    type Database = Postgres;

    fn fetch_many<'e, 'q: 'e, E>(self, query: E) -> BoxStream<'e, Result<Either<PgQueryResult, PgRow>, Error>>
    where
        'p: 'e,
        E: Execute<'q, Postgres> + 'q,
    {
        let asked = async move { self.lease().await?.ask(query).await };
        stream::once(asked).map_ok(|answer| stream::iter(answer).map(Ok)).try_flatten().boxed()
    }

    fn fetch_all<'e, 'q: 'e, E>(self, query: E) -> BoxFuture<'e, Result<Vec<PgRow>, Error>>
    where
        'p: 'e,
        E: Execute<'q, Postgres> + 'q,
    {
        Box::pin(async move {
            let answer = self.lease().await?.ask(query).await?;
            Ok(answer.into_iter().filter_map(Either::right).collect())
        })
    }

    fn fetch_optional<'e, 'q: 'e, E>(self, query: E) -> BoxFuture<'e, Result<Option<PgRow>, Error>>
    where
        'p: 'e,
        E: Execute<'q, Postgres> + 'q,
    {
        Box::pin(async move {
            let answer = self.lease().await?.ask(query).await?;
            Ok(answer.into_iter().find_map(Either::right))
        })
    }

    fn prepare_with<'e>(
        self,
        sql: SqlStr,
        parameters: &'e [PgTypeInfo],
    ) -> BoxFuture<'e, Result<PgStatement, Error>>
    where
        'p: 'e,
    {
        Box::pin(async move { self.lease().await?.prepare(sql, parameters).await })
    }

    fn describe<'e>(self, sql: SqlStr) -> BoxFuture<'e, Result<Describe<Postgres>, Error>>
    where
        'p: 'e,
    {
        Box::pin(async move { self.lease().await?.describe(sql).await })
    }
}
