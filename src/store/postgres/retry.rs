//! Retries: connections break with their server, and transactions conflict.

use std::time::Duration;

use backon::{BackoffBuilder as _, ExponentialBackoff, ExponentialBuilder};
use sqlx::Error;

use super::{
    bulkhead::LockBulkhead,
    known_locks::{LockTargets, is_lock_timeout},
    pool::{is_connection_error, sqlstate},
};
use crate::{
    store::{StoreError, UnitError, error_message::ErrorMessage},
    telemetry::Event,
};

/// How long a transaction that conflicted with another one waits at first, before a random part is added.
const SHORTEST_PAUSE: Duration = Duration::from_millis(5);
/// How long it waits at most, before a random part is added.
const LONGEST_PAUSE: Duration = Duration::from_millis(100);

/// Which attempt at a unit of work it is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Attempt {
    /// The first attempt: the database has nothing of it.
    First,
    /// A retry: an attempt whose response was lost may have been committed.
    Retry,
}

/// Runs a unit of work again while its failure is one that passes. Each attempt that finds a dead connection closes
/// it, so the attempts suffice for a pool whose connections are all dead. Waiting for locks is the task of the
/// bulkhead, not of the retries.
///
/// An attempt whose answer was lost may have committed: use this only for work that changes nothing the second time,
/// or that recognizes its own rows.
pub(super) async fn with_retries<T, E: UnitError, F>(
    bulkhead: &LockBulkhead,
    connections: u32,
    targets: &LockTargets,
    work: impl Fn(Attempt) -> F + Send,
) -> Result<T, E>
where
    F: Future<Output = Result<T, E>> + Send,
{
    let mut budget = RetryBudget { attempts: connections + 2, reconnected: false, pauses: pauses() };
    let (mut lock_wait, mut attempt) = (bulkhead.begin(targets), Attempt::First);
    loop {
        let permit = lock_wait.acquire().await.map_err(StoreError::from)?;
        let result = work(attempt).await;
        drop(permit);
        let failure = match result.map_err(E::into_store_error) {
            Err(Ok(failure)) => failure,
            Err(Err(refusal)) => {
                lock_wait.finish();
                return Err(refusal);
            }
            Ok(done) => {
                lock_wait.finish();
                return Ok(done);
            }
        };
        match failure {
            StoreError::Unavailable(error) if is_lock_timeout(&error) => {
                Event::TransactionRetried { error: &ErrorMessage(&error) }.log();
                lock_wait.back_off(error).await.map_err(StoreError::from)?;
            }
            StoreError::Unavailable(error) if budget.allows(&error) => {
                Event::TransactionRetried { error: &ErrorMessage(&error) }.log();
                tokio::time::sleep(budget.pause(&error)).await;
            }
            failure => return Err(failure.into()),
        }
        attempt = Attempt::Retry;
    }
}

/// How often a unit of work may still be retried.
struct RetryBudget {
    attempts: u32,
    /// Whether it was tried again on a new connection, which happens once at most.
    reconnected: bool,
    pauses: ExponentialBackoff,
}

/// Pauses of transactions that conflict, each drawn anew: without that, both would meet again.
fn pauses() -> ExponentialBackoff {
    let pauses = ExponentialBuilder::new().with_min_delay(SHORTEST_PAUSE).with_max_delay(LONGEST_PAUSE);
    pauses.without_max_times().with_jitter().build()
}

impl RetryBudget {
    /// Whether a retry may succeed. The codes are from appendix A of the PostgreSQL manual.
    fn allows(&mut self, error: &Error) -> bool {
        if is_connection_error(error) {
            return false;
        }
        if needs_new_connection(error) {
            return !std::mem::replace(&mut self.reconnected, true);
        }
        let allowed = self.attempts > 0 && is_transient(error);
        self.attempts = self.attempts.saturating_sub(1);
        allowed
    }

    /// How long the next attempt waits. A dead connection is replaced at once.
    fn pause(&mut self, error: &Error) -> Duration {
        if is_conflict(error) { self.pauses.next().unwrap_or(LONGEST_PAUSE) } else { Duration::ZERO }
    }
}

/// Whether only this connection fails: its plans are outdated, or it may not write.
fn needs_new_connection(error: &Error) -> bool {
    let feature_not_supported = "0A000";
    let invalid_sql_statement_name = "26000";
    let invalid_transaction_state = "25";
    sqlstate(error).is_some_and(|code| {
        [feature_not_supported, invalid_sql_statement_name].contains(&&*code)
            || code.starts_with(invalid_transaction_state)
    })
}

/// Whether two transactions were in each other's way.
fn is_conflict(error: &Error) -> bool {
    let (serialization_failure, deadlock_detected) = ("40001", "40P01");
    sqlstate(error).is_some_and(|code| code == serialization_failure || code == deadlock_detected)
}

fn is_transient(error: &Error) -> bool {
    if matches!(error, Error::Io(_)) {
        return true;
    }
    is_conflict(error)
        || sqlstate(error).is_some_and(|code| {
            let shutdown_crash_or_idle_for_too_long = ["57P01", "57P02", "57P03", "57P05"];
            shutdown_crash_or_idle_for_too_long.contains(&&*code) || code.starts_with("08")
        })
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn conflicting_transactions_wait_for_different_times() {
        let firsts: HashSet<_> = (0..8).filter_map(|_| pauses().next()).collect();
        assert!(firsts.len() > 1, "{firsts:?}");
        for pause in pauses().take(20) {
            assert!((SHORTEST_PAUSE..=2 * LONGEST_PAUSE).contains(&pause), "{pause:?}");
        }
    }
}
