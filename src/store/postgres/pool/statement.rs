//! A statement on a connection, and what becomes of it.

use futures_util::TryStreamExt as _;
use sqlx::{
    Connection as _, Either, Error, Execute, Executor as _, PgConnection, Postgres, Row as _,
    postgres::{PgQueryResult, PgRow},
};
use tokio::time::timeout;

use super::{
    arrays,
    failure::{ConnectionState, malformed_response, state_after},
};
use crate::{store::timeouts::STATEMENT_TIMEOUT, telemetry::catch_panic};

/// The rows of a statement, and how many it changed.
pub(super) type StatementResult = Vec<Either<PgQueryResult, PgRow>>;

/// The outcome of a statement.
pub(super) enum StatementOutcome<T> {
    /// The response, or the server's error, was read to its end.
    Completed(Result<T, Error>),
    /// The response is malformed, or the last one on this connection.
    Failed(Error),
    /// No response within the timeout.
    TimedOut,
}

/// Waits for a statement's answer no longer than [`STATEMENT_TIMEOUT`].
pub(super) async fn with_statement_timeout<T>(
    asking: impl Future<Output = StatementOutcome<T>>,
) -> StatementOutcome<T> {
    // sqlx panics at some answers that are none, as at a message that is shorter than its own length.
    match timeout(STATEMENT_TIMEOUT, catch_panic(asking)).await {
        Ok(outcome) => outcome.unwrap_or_else(|_| StatementOutcome::Failed(malformed_response())),
        Err(_) => StatementOutcome::TimedOut,
    }
}

/// Sends a statement and reads its whole answer.
pub(super) async fn run_statement<'q, E>(
    connection: &mut PgConnection,
    query: E,
) -> StatementOutcome<StatementResult>
where
    E: Execute<'q, Postgres> + 'q,
{
    let answer = connection.fetch_many(query).try_collect().await;
    if answer.as_ref().is_ok_and(|answer| !is_complete(answer) || !is_readable(answer)) {
        return StatementOutcome::Failed(malformed_response());
    }
    drain_response(connection, answer).await
}

/// Whether the server reported, once and at the end, that the statement is complete. Without that, what ended the
/// answer belongs to another one, and so would the next answer.
fn is_complete(answer: &StatementResult) -> bool {
    let complete = answer.iter().position(Either::is_left);
    complete.is_some_and(|at| at + 1 == answer.len())
}

/// sqlx finds out that a value reaches beyond its row when it is read. That has to be here, where it is caught.
fn is_readable(answer: &StatementResult) -> bool {
    let mut rows = answer.iter().filter_map(|step| step.as_ref().right());
    rows.all(|row| (0..row.len()).all(|column| row.try_get_raw(column).is_ok()) && arrays::are_complete(row))
}

/// After an error the server reports that it is ready for the next statement; that message belongs to the answer.
pub(super) async fn drain_response<T>(
    connection: &mut PgConnection,
    answer: Result<T, Error>,
) -> StatementOutcome<T> {
    match answer {
        Ok(answer) => StatementOutcome::Completed(Ok(answer)),
        Err(error) if state_after(&error) == ConnectionState::Usable && connection.flush().await.is_ok() => {
            StatementOutcome::Completed(Err(error))
        }
        Err(error) => StatementOutcome::Failed(error),
    }
}
