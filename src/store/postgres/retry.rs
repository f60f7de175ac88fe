//! What is tried again: connections die with their server, and transactions get in each other's way.

use sqlx::Error;

use super::{
    lanes::Lanes,
    marks::{Needs, is_lock_timeout},
    pool::{is_without_connection, sqlstate},
};
use crate::{
    store::{StoreError, UnitError, wording::Wording},
    telemetry::Event,
};

/// Which attempt at a unit of work it is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Attempt {
    /// Nothing of it can be in the database.
    First,
    /// An attempt whose answer was lost may have been kept.
    Again,
}

/// Runs a unit of work again while its failure is one that passes. Each attempt that finds its connection dead closes
/// it, so there are enough attempts for a pool that is dead as a whole. A lock is waited for in the lanes.
///
/// An attempt whose answer was lost may have been kept all the same: this is for work whose repetition changes
/// nothing, or that knows its own work again.
pub(super) async fn retried<T, E: UnitError, F>(
    lanes: &Lanes,
    connections: u32,
    needs: &Needs,
    work: impl Fn(Attempt) -> F + Send,
) -> Result<T, E>
where
    F: Future<Output = Result<T, E>> + Send,
{
    let mut patience = Patience { attempts: connections + 2, reconnected: false };
    let (mut waiting, mut attempt) = (lanes.begin(needs), Attempt::First);
    loop {
        let pass = waiting.enter().await.map_err(StoreError::from)?;
        let settled = work(attempt).await;
        drop(pass);
        let failure = match settled.map_err(E::into_store_error) {
            Err(Ok(failure)) => failure,
            Err(Err(refusal)) => {
                waiting.end();
                return Err(refusal);
            }
            Ok(done) => {
                waiting.end();
                return Ok(done);
            }
        };
        match failure {
            StoreError::Unavailable(error) if is_lock_timeout(&error) => {
                Event::WorkRepeated { error: &Wording(&error) }.log();
                waiting.meet_lock(error).await.map_err(StoreError::from)?;
            }
            StoreError::Unavailable(error) if patience.covers(&error) => {
                Event::WorkRepeated { error: &Wording(&error) }.log();
            }
            failure => return Err(failure.into()),
        }
        attempt = Attempt::Again;
    }
}

/// How often a unit of work may still fail.
struct Patience {
    attempts: u32,
    /// Whether it was tried again because its connection was unfit; a new one that is unfit too stays so.
    reconnected: bool,
}

impl Patience {
    /// Whether the next attempt may fare better. The codes are of PostgreSQL's appendix A.
    fn covers(&mut self, error: &Error) -> bool {
        if is_without_connection(error) {
            return false;
        }
        if is_of_unfit_connection(error) {
            return !std::mem::replace(&mut self.reconnected, true);
        }
        let covered = self.attempts > 0 && passes(error);
        self.attempts = self.attempts.saturating_sub(1);
        covered
    }
}

/// Whether another connection does better: its plans are current, and it may write.
fn is_of_unfit_connection(error: &Error) -> bool {
    let feature_not_supported = "0A000";
    let invalid_sql_statement_name = "26000";
    let invalid_transaction_state = "25";
    sqlstate(error).is_some_and(|code| {
        [feature_not_supported, invalid_sql_statement_name].contains(&&*code)
            || code.starts_with(invalid_transaction_state)
    })
}

fn passes(error: &Error) -> bool {
    if matches!(error, Error::Io(_)) {
        return true;
    }
    sqlstate(error).is_some_and(|code| {
        let serialization_failure = "40001";
        let deadlock_detected = "40P01";
        let shutdown_crash_or_idle_for_too_long = ["57P01", "57P02", "57P03", "57P05"];
        code == serialization_failure
            || code == deadlock_detected
            || shutdown_crash_or_idle_for_too_long.contains(&&*code)
            || code.starts_with("08")
    })
}
