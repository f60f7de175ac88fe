//! A store whose units of work have a deadline, whose failing calls are logged as outages, and which knows whether the
//! functions' calls work.
//!
//! Two things tell that: a probe, which reads and writes as the functions do and keeps nothing, and what became of the
//! last calls of each kind, for faults that a probe does not meet.

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
    Store, StoreError, UnitError, Workload, bounds::bounded, postgres::is_held_by_another,
    timeouts::POOL_WAIT, wording::Wording,
};
use crate::telemetry::Event;
use calls::{Calls, Kind, LATELY, PROBE};

mod calls;
mod units;

#[cfg(test)]
mod tests;

/// How often the database is probed.
const EVERY: Duration = Duration::from_secs(5);

/// A store, and whether it works.
pub struct Monitored {
    store: Arc<dyn Store>,
    calls: Calls,
    /// Calls that found no connection since one worked: load, unless an outage follows, which they belong to then.
    crowded: AtomicU64,
    unavailable: Outage,
    invalid: Outage,
    locked: Outage,
}

impl Monitored {
    /// Monitors the calls of a store. It is not known to work until it was probed.
    #[must_use]
    pub(super) fn new(store: Arc<dyn Store>) -> Self {
        Self {
            store,
            calls: Calls::new(Instant::now()),
            crowded: AtomicU64::new(0),
            unavailable: Outage::new("database-away"),
            invalid: Outage::new("database-unfit"),
            locked: Outage::new("work-locked"),
        }
    }

    /// Whether the last probe worked and no kind of call fails all the time. No I/O.
    #[must_use]
    pub fn works(&self) -> bool {
        self.calls.work(Instant::now())
    }

    /// Probes the database every five seconds for as long as the process lives, for what `workload` needs. With
    /// `only_outages` it is left alone unless calls fail: then a probe finds out that they work again.
    pub async fn keep_probing(self: Arc<Self>, workload: Workload, only_outages: bool) {
        loop {
            if !only_outages || self.unavailable.is_open() || self.invalid.is_open() {
                // What became of it is kept.
                let _result = self.probe(workload).await;
            }
            sleep(EVERY).await;
        }
    }

    /// Runs a unit of work within its deadline.
    async fn run<T: Send, E: UnitError>(
        &self,
        kind: Kind,
        work: impl Future<Output = Result<T, E>> + Send,
    ) -> Result<T, E> {
        self.seen(kind, bounded(work).await)
    }

    /// The result of a call, which is counted, and logged where an outage begins with it.
    fn seen<T, E: UnitError>(&self, kind: Kind, result: Result<T, E>) -> Result<T, E> {
        match result.as_ref().err().and_then(E::store_error) {
            // A refusal shows that the database works, as a success does.
            None => {
                self.calls.worked(kind, Instant::now());
                if self.crowded.load(Ordering::Relaxed) > 0 {
                    self.crowded.store(0, Ordering::Relaxed);
                }
                self.recovered(kind.part());
            }
            Some(StoreError::Unavailable(error)) if is_held_by_another(error) => {
                self.log_lock(&Wording(error));
            }
            Some(error) => {
                // In this sequence: a call that works meanwhile ends the outage, or the next probe does.
                self.crowded.fetch_add(1, Ordering::Relaxed);
                if !self.is_load(error, POOL_WAIT) || self.unavailable.is_open() {
                    self.log(error, kind.part(), self.crowded.swap(0, Ordering::Relaxed));
                }
                self.calls.failed(kind, Instant::now());
            }
        }
        result
    }

    /// The result of a probe that began at `began`.
    fn probed(&self, result: Result<(), StoreError>, began: Instant) -> Result<(), StoreError> {
        match &result {
            Ok(()) => {
                self.calls.probed(true);
                self.recovered(PROBE);
                self.calls.forgive(began).for_each(|kind| self.recovered(kind.part()));
            }
            // One probe that found no place says less than calls do.
            Err(error) if self.is_load(error, LATELY) => {}
            Err(error) => {
                self.calls.probed(false);
                self.log(error, PROBE, 0);
            }
        }
        result
    }

    /// Every connection is in use: that is load and no outage, if a call worked within the last `span`.
    fn is_load(&self, error: &StoreError, span: Duration) -> bool {
        matches!(error, StoreError::Unavailable(Error::PoolTimedOut))
            && self.calls.worked_within(span, Instant::now())
    }

    /// A call waited in vain for what somebody else changes, which says nothing about the database. It is over with the
    /// last such call.
    fn log_lock(&self, error: &dyn Display) {
        self.locked.failed(Some(error), || Event::WorkLocked { error }.log());
        self.locked.worked();
    }

    fn recovered(&self, part: u32) {
        self.unavailable.working(part);
        self.invalid.working(part);
    }

    /// Logs an error where an outage begins with it, and counts so many calls as failed.
    fn log(&self, error: &StoreError, part: u32, calls: u64) {
        if let StoreError::Unavailable(source) = error {
            let error: &dyn Display = &Wording(source);
            self.invalid.working(part);
            self.unavailable.failing(part, calls, Some(error), || Event::DatabaseAway { error }.log());
        } else {
            self.unavailable.working(part);
            self.invalid.failing(part, calls, Some(error), || Event::DatabaseUnfit { error }.log());
        }
    }
}
