//! A store with a deadline for each unit of work. It logs outages, and knows whether the functions' calls succeed.
//!
//! It learns that from a probe, which reads and writes as the functions do and rolls back, and from the latest calls
//! of each operation, for faults that the probe does not find.

use std::{
    fmt::Display,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use azure_functions_handler::Outage;
use sqlx::Error;
use tokio::time::{Instant, sleep};

use super::{
    ServedApps, Store, StoreError, UnitError, deadline::with_deadline, error_message::ErrorMessage,
    postgres::is_lock_conflict, timeouts::POOL_TIMEOUT,
};
use crate::telemetry::Event;
use call_history::{CallHistory, Operation, PROBE, RECENT};

mod call_history;
mod store;

#[cfg(test)]
mod tests;

/// How often the database is probed.
const PROBE_INTERVAL: Duration = Duration::from_secs(5);

/// A store that runs each unit of work with a deadline, logs outages, and knows whether the database works.
pub struct MonitoredStore {
    store: Arc<dyn Store>,
    calls: CallHistory,
    /// Calls that found no connection since the last success. They mean load, unless an outage follows; then they
    /// count as part of it.
    pool_timeouts: AtomicU64,
    unavailable: Outage,
    invalid: Outage,
    locked: Outage,
}

impl MonitoredStore {
    /// Monitors a store. The store counts as unhealthy until its first probe.
    #[must_use]
    pub(super) fn new(store: Arc<dyn Store>) -> Self {
        Self {
            store,
            calls: CallHistory::new(Instant::now()),
            pool_timeouts: AtomicU64::new(0),
            unavailable: Outage::new("database-unavailable"),
            invalid: Outage::new("database-schema-invalid"),
            locked: Outage::new("database-lock-timeout"),
        }
    }

    /// Whether the last probe worked and no operation's recent calls have all failed. Does no I/O.
    #[must_use]
    pub fn is_healthy(&self) -> bool {
        self.calls.are_healthy(Instant::now())
    }

    /// Probes the database every five seconds for as long as the process lives, for what `workload` needs. With
    /// `only_outages` it probes only while calls fail, to find out when they work again.
    pub async fn run_probes(self: Arc<Self>, workload: ServedApps, only_outages: bool) {
        loop {
            if !only_outages || self.unavailable.is_open() || self.invalid.is_open() {
                // The outcome of the operation is recorded.
                let _result = self.probe(workload).await;
            }
            sleep(PROBE_INTERVAL).await;
        }
    }

    /// Runs a unit of work within its deadline.
    async fn run<T: Send, E: UnitError>(
        &self,
        operation: Operation,
        work: impl Future<Output = Result<T, E>> + Send,
    ) -> Result<T, E> {
        self.record_result(operation, with_deadline(work).await)
    }

    /// Counts the result of a call, and logs an outage that begins or ends with it.
    fn record_result<T, E: UnitError>(&self, operation: Operation, result: Result<T, E>) -> Result<T, E> {
        match result.as_ref().err().and_then(E::store_error) {
            // A refusal shows that the database works, as a success does.
            None => {
                self.calls.record_success(operation, Instant::now());
                if self.pool_timeouts.load(Ordering::Relaxed) > 0 {
                    self.pool_timeouts.store(0, Ordering::Relaxed);
                }
                self.recovered(operation.outage_part());
            }
            Some(StoreError::Unavailable(error)) if is_lock_conflict(error) => {
                self.log_lock_timeout(&ErrorMessage(error));
            }
            Some(error) => {
                // The sequence matters: either a call that succeeds meanwhile ends the outage, or the next probe does.
                self.pool_timeouts.fetch_add(1, Ordering::Relaxed);
                if !self.is_load(error, POOL_TIMEOUT) || self.unavailable.is_open() {
                    self.log(error, operation.outage_part(), self.pool_timeouts.swap(0, Ordering::Relaxed));
                }
                self.calls.record_failure(operation, Instant::now());
            }
        }
        result
    }

    /// Counts the result of a probe that started at `began`.
    fn record_probe(&self, result: Result<(), StoreError>, began: Instant) -> Result<(), StoreError> {
        match &result {
            Ok(()) => {
                self.calls.record_probe(true);
                self.recovered(PROBE);
                self.calls
                    .clear_recovered(began)
                    .for_each(|operation| self.recovered(operation.outage_part()));
            }
            // A single probe that got no connection means less than the calls do.
            Err(error) if self.is_load(error, RECENT) => {}
            Err(error) => {
                self.calls.record_probe(false);
                self.log(error, PROBE, 0);
            }
        }
        result
    }

    /// Whether all connections are in use while calls work: a call worked within the last `span`.
    fn is_load(&self, error: &StoreError, span: Duration) -> bool {
        matches!(error, StoreError::Unavailable(Error::PoolTimedOut))
            && self.calls.worked_within(span, Instant::now())
    }

    /// Logs a call that timed out waiting for a lock, which does not mean that the database fails. It ends with the
    /// last such call.
    fn log_lock_timeout(&self, error: &dyn Display) {
        self.locked.failed(Some(error), || Event::DatabaseLockTimeout { error }.log());
        self.locked.worked();
    }

    fn recovered(&self, part: u32) {
        self.unavailable.working(part);
        self.invalid.working(part);
    }

    /// Logs an error where an outage begins with it, and counts this many calls as failed.
    fn log(&self, error: &StoreError, part: u32, calls: u64) {
        if let StoreError::Unavailable(source) = error {
            let error: &dyn Display = &ErrorMessage(source);
            self.invalid.working(part);
            self.unavailable.failing(part, calls, Some(error), || Event::DatabaseUnavailable { error }.log());
        } else {
            self.unavailable.working(part);
            self.invalid.failing(part, calls, Some(error), || Event::DatabaseSchemaInvalid { error }.log());
        }
    }
}
