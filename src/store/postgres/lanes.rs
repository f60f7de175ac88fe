//! How many connections may wait for locks. A change that meets a lock holds a connection for as long as it waits, so
//! while there are locks, changes share one half of the pool, and those that met one share half of that.

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use sqlx::Error;
use tokio::{
    sync::{Semaphore, SemaphorePermit},
    time::{Instant, timeout_at},
};

/// How long after a lock was met all changes keep to their half.
const WARY: Duration = Duration::from_secs(1);

pub(super) struct Lanes {
    changes: Semaphore,
    locked: Semaphore,
    wary_until: Mutex<Option<Instant>>,
}

/// Whether what a call changes is locked, as far as it knows.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Lane {
    Free,
    Locked,
}

/// The right to use a connection for a change; without permits while there are no locks.
pub(super) struct Pass<'l> {
    _locked: Option<SemaphorePermit<'l>>,
    _changes: Option<SemaphorePermit<'l>>,
}

impl Lanes {
    pub(super) fn of(connections: u32) -> Self {
        let part = |divisor: u32| Semaphore::new((connections / divisor).max(1) as usize);
        Self { changes: part(2), locked: part(4), wary_until: Mutex::new(None) }
    }

    /// Waits until the change may use a connection, at most until `deadline`.
    ///
    /// # Errors
    /// [`Error::PoolTimedOut`] when others hold all that changes may use.
    pub(super) async fn enter(&self, lane: Lane, deadline: Instant) -> Result<Pass<'_>, Error> {
        let permits = async {
            Pass {
                _locked: match lane {
                    Lane::Free => None,
                    Lane::Locked => self.locked.acquire().await.ok(),
                },
                _changes: if lane == Lane::Locked || self.is_wary() {
                    self.changes.acquire().await.ok()
                } else {
                    None
                },
            }
        };
        timeout_at(deadline, permits).await.map_err(|_| Error::PoolTimedOut)
    }

    /// A change met a lock.
    pub(super) fn note_lock(&self) {
        let until = Instant::now() + WARY;
        *self.wary_until.lock().unwrap_or_else(PoisonError::into_inner) = Some(until);
    }

    fn is_wary(&self) -> bool {
        let until = *self.wary_until.lock().unwrap_or_else(PoisonError::into_inner);
        until.is_some_and(|until| Instant::now() < until)
    }
}
