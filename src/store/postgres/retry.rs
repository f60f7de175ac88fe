//! What is tried again: connections die with their server, and transactions get in each other's way.

use sqlx::Error;

use crate::{store::StoreError, telemetry::Event};

/// Runs a unit of work again while its failure is one that passes. Each attempt that finds its connection dead takes
/// it out of the pool, so there are enough attempts for a pool that is dead as a whole.
///
/// An attempt whose answer was lost may have been kept all the same: this is for work whose repetition changes
/// nothing.
pub(super) async fn retried<T, F>(connections: u32, work: impl Fn() -> F + Send) -> Result<T, StoreError>
where
    F: Future<Output = Result<T, StoreError>> + Send,
{
    let mut left = connections + 2;
    loop {
        match work().await {
            Err(StoreError::Unavailable(error)) if left > 0 && passes(&error) => {
                left -= 1;
                Event::WorkRepeated { error: &error }.log();
            }
            settled => return settled,
        }
    }
}

/// Whether the next attempt may fare better. The codes are of PostgreSQL's appendix A.
fn passes(error: &Error) -> bool {
    match error {
        Error::Io(_) => true,
        Error::Database(error) => error.code().is_some_and(|code| {
            let serialization_failure = "40001";
            let deadlock_detected = "40P01";
            let shutdown_or_crash = ["57P01", "57P02", "57P03"];
            code == serialization_failure
                || code == deadlock_detected
                || shutdown_or_crash.contains(&&*code)
                || code.starts_with("08")
        }),
        _ => false,
    }
}
