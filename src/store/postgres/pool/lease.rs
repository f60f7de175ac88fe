//! A connection that one caller has leased.

use std::sync::{Arc, atomic::Ordering};

use deadpool::unmanaged::Object;
use sqlx::{Error, Execute, Postgres, Row as _};
use tokio::time::Instant;

use super::{
    failure::{ConnectionState, malformed_response, state_after, statement_timeout},
    pool_state::{PoolState, PooledConnection},
    statement::{StatementOutcome, StatementResult, run_statement, with_statement_timeout},
    transaction::{Unnamed, in_transaction},
};
use crate::store::Pooler;
#[cfg(feature = "fault-injection")]
use crate::store::fault_injection::InjectedFault;

const IS_READ_ONLY: &str = "SELECT current_setting('transaction_read_only') = 'on'";

/// A connection for one statement. Dropped before the answer was read to its end, it is closed.
pub(super) struct Lease {
    /// None once the connection was returned or closed.
    object: Option<Object<PooledConnection>>,
    pool: Arc<PoolState>,
}

impl Lease {
    pub(super) fn new(object: Object<PooledConnection>, pool: Arc<PoolState>) -> Self {
        Self { object: Some(object), pool }
    }

    /// Sends a statement and reads its whole answer, within the timeout of a statement.
    pub(super) async fn execute<'q, E>(mut self, query: E) -> Result<StatementResult, Error>
    where
        E: Execute<'q, Postgres> + 'q,
    {
        let outcome = self.run(query).await?;
        self.finish(outcome)
    }

    /// Sends a statement as the pooler needs it.
    async fn run<'q, E>(&mut self, query: E) -> Result<StatementOutcome<StatementResult>, Error>
    where
        E: Execute<'q, Postgres> + 'q,
    {
        let Some(object) = &mut self.object else { return Err(Error::PoolClosed) };
        let connection = &mut object.connection;
        Ok(match self.pool.pooler {
            Pooler::None => with_statement_timeout(run_statement(connection, query)).await,
            Pooler::Transaction => {
                with_statement_timeout(in_transaction(connection, Unnamed::new(query))).await
            }
            Pooler::TransactionPrepared => with_statement_timeout(in_transaction(connection, query)).await,
        })
    }

    /// Whether the server lets this connection write nothing.
    pub(super) async fn is_read_only(&mut self) -> Result<bool, Error> {
        match self.run(sqlx::query::<Postgres>(IS_READ_ONLY).persistent(false)).await? {
            StatementOutcome::Completed(Ok(answer)) => {
                let row = answer.iter().find_map(|step| step.as_ref().right());
                row.ok_or_else(malformed_response)?.try_get(0)
            }
            failed => self.finish(failed).map(|_| true),
        }
    }

    /// Replaces this connection by a new one. The old one stays until the new one is open, so that the pool has one
    /// connection more during the login.
    pub(super) async fn reconnect(&mut self) -> Result<(), Error> {
        let plan_generation = self.pool.plan_generation.load(Ordering::Acquire);
        let (connection, token) = self.pool.connect().await?;
        self.pool.token.fetch_max(token, Ordering::AcqRel);
        let now = Instant::now();
        if let Some(object) = &mut self.object {
            let connected = &mut **object;
            (connected.connection, connected.plan_generation, connected.token) =
                (connection, plan_generation, token);
            (connected.created_at, connected.last_response) = (now, now);
        }
        Ok(())
    }

    /// Says which epoch the connection belongs to.
    pub(super) fn set_epoch(&mut self, epoch: u64) {
        if let Some(object) = &mut self.object {
            object.epoch = epoch;
        }
    }

    /// Puts back a connection on which nothing is under way.
    pub(super) fn release(mut self) {
        if let Some(object) = self.object.take() {
            self.pool.put_back(object);
        }
    }

    /// Puts the connection back or closes it, depending on the outcome.
    fn finish<T>(&mut self, outcome: StatementOutcome<T>) -> Result<T, Error> {
        let Some(object) = self.object.take() else { return Err(Error::PoolClosed) };
        match outcome {
            StatementOutcome::Completed(answer) => {
                self.pool.put_back(object);
                answer
            }
            StatementOutcome::Failed(error) => {
                match state_after(&error) {
                    ConnectionState::OutdatedPlans => self.pool.close_all_outdated_plans(object),
                    ConnectionState::ReadOnly => self.pool.close_as_read_only(object),
                    ConnectionState::InTransaction => self.pool.close_after_open_transaction(object),
                    ConnectionState::Usable | ConnectionState::Broken => {
                        self.pool.close_with_older_idle(object);
                    }
                }
                Err(error)
            }
            StatementOutcome::TimedOut => {
                #[cfg(feature = "fault-injection")]
                if InjectedFault::PoolKeepsSilent.is_on() {
                    self.pool.put_back(object);
                    return Err(statement_timeout());
                }
                self.pool.close_with_all_idle(object);
                Err(statement_timeout())
            }
        }
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        if let Some(object) = self.object.take() {
            #[cfg(feature = "fault-injection")]
            if InjectedFault::PoolKeepsSilent.is_on() {
                return self.pool.put_back(object);
            }
            self.pool.close(object);
        }
    }
}
