//! A connection in one caller's hands.

use std::sync::{Arc, atomic::Ordering};

use deadpool::unmanaged::Object;
use futures_util::TryStreamExt as _;
use sqlx::{
    Connection as _, Describe, Either, Error, Execute, Executor as _, PgConnection, Postgres, Row as _,
    SqlStr,
    postgres::{PgQueryResult, PgRow, PgStatement, PgTypeInfo},
};
use tokio::time::{Instant, timeout};

use super::{
    arrays,
    failure::{Verdict, silent, unreadable, verdict},
    shared::{Connected, Shared},
};
#[cfg(feature = "sabotage")]
use crate::store::sabotage::Sabotage;
use crate::{store::timeouts::STATEMENT, telemetry::contained};

const IS_READ_ONLY: &str = "SELECT current_setting('transaction_read_only') = 'on'";

/// All that a statement brought: its rows, and how many it changed.
pub(super) type Answer = Vec<Either<PgQueryResult, PgRow>>;

/// A connection for one statement. Dropped before the answer was read to its end, it is closed.
pub(super) struct Lease {
    /// None once it was given back or closed.
    object: Option<Object<Connected>>,
    pool: Arc<Shared>,
}

impl Lease {
    pub(super) fn new(object: Object<Connected>, pool: Arc<Shared>) -> Self {
        Self { object: Some(object), pool }
    }

    /// Sends a statement and reads its whole answer, within [`STATEMENT`].
    pub(super) async fn ask<'q, E>(mut self, query: E) -> Result<Answer, Error>
    where
        E: Execute<'q, Postgres> + 'q,
    {
        let Some(object) = &mut self.object else { return Err(Error::PoolClosed) };
        let asked = bounded(answer(&mut object.connection, query)).await;
        self.settle(asked)
    }

    /// Has the server look at a statement without running it.
    pub(super) async fn prepare(mut self, sql: SqlStr, types: &[PgTypeInfo]) -> Result<PgStatement, Error> {
        let Some(object) = &mut self.object else { return Err(Error::PoolClosed) };
        let connection = &mut object.connection;
        let asked = bounded(async {
            let prepared = connection.prepare_with(sql, types).await;
            at_its_end(connection, prepared).await
        })
        .await;
        self.settle(asked)
    }

    /// Has the server tell what a statement takes and brings.
    pub(super) async fn describe(mut self, sql: SqlStr) -> Result<Describe<Postgres>, Error> {
        let Some(object) = &mut self.object else { return Err(Error::PoolClosed) };
        let connection = &mut object.connection;
        let asked = bounded(async {
            let described = connection.describe(sql).await;
            at_its_end(connection, described).await
        })
        .await;
        self.settle(asked)
    }

    /// Whether the server lets this connection write nothing.
    pub(super) async fn is_read_only(&mut self) -> Result<bool, Error> {
        let Some(object) = &mut self.object else { return Err(Error::PoolClosed) };
        let look = sqlx::query::<Postgres>(IS_READ_ONLY).persistent(false);
        match bounded(answer(&mut object.connection, look)).await {
            Asked::Answered(Ok(answer)) => {
                let row = answer.iter().find_map(|step| step.as_ref().right());
                row.ok_or_else(unreadable)?.try_get(0)
            }
            failed => self.settle(failed).map(|_| true),
        }
    }

    /// Puts a new connection in the place of this one, which stays until the new one is there: one more than the
    /// places, for as long as the login takes.
    pub(super) async fn renew(&mut self) -> Result<(), Error> {
        let plans = self.pool.plans.load(Ordering::Acquire);
        let (connection, token) = self.pool.connect().await?;
        self.pool.token.fetch_max(token, Ordering::AcqRel);
        let now = Instant::now();
        if let Some(object) = &mut self.object {
            let connected = &mut **object;
            (connected.connection, connected.plans, connected.token) = (connection, plans, token);
            (connected.made, connected.heard) = (now, now);
        }
        Ok(())
    }

    /// Says which epoch the connection belongs to.
    pub(super) fn enter(&mut self, epoch: u64) {
        if let Some(object) = &mut self.object {
            object.epoch = epoch;
        }
    }

    /// Gives the connection back, on which nothing is under way.
    pub(super) fn give_back(mut self) {
        if let Some(object) = self.object.take() {
            self.pool.take_back(object);
        }
    }

    /// Gives the connection back, or closes it, as its answer demands.
    fn settle<T>(&mut self, asked: Asked<T>) -> Result<T, Error> {
        let Some(object) = self.object.take() else { return Err(Error::PoolClosed) };
        match asked {
            Asked::Answered(answer) => {
                self.pool.take_back(object);
                answer
            }
            Asked::Failed(error) => {
                match verdict(&error) {
                    Verdict::OutdatedPlans => self.pool.close_with_all_plans(object),
                    Verdict::ReadOnly => self.pool.close_as_read_only(object),
                    Verdict::Unfit => self.pool.close_as_unfit(object),
                    Verdict::Good | Verdict::Over => self.pool.close_with_its_like(object),
                }
                Err(error)
            }
            Asked::Silent => {
                #[cfg(feature = "sabotage")]
                if Sabotage::PoolKeepsSilent.is_on() {
                    self.pool.take_back(object);
                    return Err(silent());
                }
                self.pool.close_with_all_idle(object);
                Err(silent())
            }
        }
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        if let Some(object) = self.object.take() {
            #[cfg(feature = "sabotage")]
            if Sabotage::PoolKeepsSilent.is_on() {
                return self.pool.take_back(object);
            }
            self.pool.close(object);
        }
    }
}

/// How a statement ended.
enum Asked<T> {
    /// The answer, a refusal too, was read to its end.
    Answered(Result<T, Error>),
    /// What came is no answer, or the last one on this connection.
    Failed(Error),
    /// Nothing came.
    Silent,
}

async fn bounded<T>(asking: impl Future<Output = Asked<T>>) -> Asked<T> {
    // sqlx panics at some answers that are none, as at a message that is shorter than its own length.
    match timeout(STATEMENT, contained(asking)).await {
        Ok(asked) => asked.unwrap_or_else(|_| Asked::Failed(unreadable())),
        Err(_) => Asked::Silent,
    }
}

async fn answer<'q, E>(connection: &mut PgConnection, query: E) -> Asked<Answer>
where
    E: Execute<'q, Postgres> + 'q,
{
    let answer = connection.fetch_many(query).try_collect().await;
    if answer.as_ref().is_ok_and(|answer| !is_whole(answer) || !is_readable(answer)) {
        return Asked::Failed(unreadable());
    }
    at_its_end(connection, answer).await
}

/// Whether the server said, once and at the end, that the statement is complete. Without that, what ended the answer
/// belongs to another one, and so would the next answer.
fn is_whole(answer: &Answer) -> bool {
    let complete = answer.iter().position(Either::is_left);
    complete.is_some_and(|at| at + 1 == answer.len())
}

/// sqlx finds out that a value reaches beyond its row when it is read. That has to be here, where it is caught.
fn is_readable(answer: &Answer) -> bool {
    let mut rows = answer.iter().filter_map(|step| step.as_ref().right());
    rows.all(|row| (0..row.len()).all(|column| row.try_get_raw(column).is_ok()) && arrays::are_whole(row))
}

/// After a refusal the server says that it is ready for the next statement; that belongs to the answer.
async fn at_its_end<T>(connection: &mut PgConnection, answer: Result<T, Error>) -> Asked<T> {
    match answer {
        Ok(answer) => Asked::Answered(Ok(answer)),
        Err(error) if verdict(&error) == Verdict::Good && connection.flush().await.is_ok() => {
            Asked::Answered(Err(error))
        }
        Err(error) => Asked::Failed(error),
    }
}
