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

use super::Pool;

/// An answer is whole before its first row is handed on: no caller holds a connection while it works on rows, and none
/// drops one that is half read. All statements here bring few rows.
impl<'p> Executor<'p> for &'p Pool {
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
