//! A statement in a transaction of its own, for a pooler that gives a connection for one transaction at a time.
//!
//! An unnamed statement is not enough: sqlx sends it in two steps, to parse and to run it, and outside a transaction the
//! pooler may hand the second step to another connection of the server. That one would run what somebody else parsed
//! there last, and answer without an error.

use futures_util::TryStreamExt as _;
use sqlx::{
    Either, Error, Execute, Executor as _, PgConnection, Postgres, SqlStr,
    error::BoxDynError,
    postgres::{PgArguments, PgStatement},
};

use super::{
    failure::malformed_response,
    statement::{StatementOutcome, StatementResult, drain_response, run_statement},
};
use crate::store::{
    postgres::limits::{LOCK_TIMEOUT, SERVER_STATEMENT_TIMEOUT},
    timeouts::STATEMENT_TIMEOUT,
};

/// Begins, with the limits of time that a connection without a pooler asks for when it is made. The third ends a
/// transaction whose worker has fallen silent; without a pooler none stays open between two messages.
pub(super) const BEGIN: &str = "BEGIN; SET LOCAL statement_timeout = 4500; SET LOCAL lock_timeout = 25; \
     SET LOCAL idle_in_transaction_session_timeout = 5000";
const _: () = assert!(
    SERVER_STATEMENT_TIMEOUT.as_millis() == 4500
        && LOCK_TIMEOUT.as_millis() == 25
        && STATEMENT_TIMEOUT.as_millis() == 5000,
    "BEGIN names other limits",
);
/// How many statements that is.
pub(super) const BEGIN_STATEMENTS: usize = 4;

pub(super) const COMMIT: &str = "COMMIT";

const ROLLBACK: &str = "ROLLBACK";

/// Runs a statement between `BEGIN` and `COMMIT`.
pub(super) async fn in_transaction<'q, E>(
    connection: &mut PgConnection,
    query: E,
) -> StatementOutcome<StatementResult>
where
    E: Execute<'q, Postgres> + 'q,
{
    if let Err(error) = control(connection, BEGIN, BEGIN_STATEMENTS).await {
        return StatementOutcome::Failed(error);
    }
    match run_statement(connection, query).await {
        StatementOutcome::Completed(Ok(rows)) => {
            let committed = match control(connection, COMMIT, 1).await {
                // A transaction that could not be committed is over.
                Err(error @ Error::Database(_)) => return drain_response(connection, Err(error)).await,
                settled => settled,
            };
            committed.map_or_else(StatementOutcome::Failed, |()| StatementOutcome::Completed(Ok(rows)))
        }
        StatementOutcome::Completed(Err(error)) => match control(connection, ROLLBACK, 1).await {
            Ok(()) => StatementOutcome::Completed(Err(error)),
            Err(_) => StatementOutcome::Failed(error),
        },
        failed => failed,
    }
}

/// Sends text of so many statements, none of which brings rows.
pub(super) async fn control(
    connection: &mut PgConnection,
    text: &'static str,
    statements: usize,
) -> Result<(), Error> {
    let answer: StatementResult = connection.fetch_many(sqlx::raw_sql(text)).try_collect().await?;
    let is_whole = answer.len() == statements && answer.iter().all(Either::is_left);
    if is_whole { Ok(()) } else { Err(malformed_response()) }
}

/// A statement without a name: nothing of it stays on the server's connection, which others will use.
pub(super) struct Unnamed<E>(E);

impl<E> Unnamed<E> {
    pub(super) fn new(query: E) -> Self {
        Self(query)
    }
}

impl<'q, E: Execute<'q, Postgres>> Execute<'q, Postgres> for Unnamed<E> {
    fn sql(self) -> SqlStr {
        self.0.sql()
    }

    fn statement(&self) -> Option<&PgStatement> {
        self.0.statement()
    }

    fn take_arguments(&mut self) -> Result<Option<PgArguments>, BoxDynError> {
        self.0.take_arguments()
    }

    fn persistent(&self) -> bool {
        false
    }
}
