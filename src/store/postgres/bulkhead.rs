//! How units of work wait for locks of other clients (the bulkhead pattern).
//!
//! A statement that meets a lock times out soon and is retried. While it waits it holds no connection. Statements on
//! rows that are known to be locked may use half of the pool; everything else has the other half.

use std::{error::Error as StdError, io, time::Duration};

use sqlx::Error;
use tokio::{
    sync::{Semaphore, SemaphorePermit},
    time::{Instant, sleep_until, timeout_at},
};

use super::{
    known_locks::{KnownLocks, LockLevel, LockTargets},
    limits::LOCK_WAIT,
};

/// The pause after the first lock; each further one doubles it.
const FIRST_PAUSE: Duration = Duration::from_millis(25);

const MAX_PAUSE: Duration = Duration::from_millis(200);

/// Limits the connections that wait for locks.
pub(super) struct LockBulkhead {
    permits: Semaphore,
    known_locks: KnownLocks,
}

/// The right to use a connection for something that is locked.
pub(super) type BulkheadPermit<'l> = SemaphorePermit<'l>;

/// How one unit of work waits for locks.
pub(super) struct LockWait<'l> {
    bulkhead: &'l LockBulkhead,
    targets: &'l LockTargets,
    lock: Option<LockLevel>,
    deadline: Instant,
    pause: Duration,
    last_error: Option<Error>,
}

impl LockBulkhead {
    pub(super) fn new(connections: u32) -> Self {
        Self {
            permits: Semaphore::new((connections / 2).max(1) as usize),
            known_locks: KnownLocks::default(),
        }
    }

    /// Begins a unit of work that times out after [`LOCK_WAIT`].
    pub(super) fn begin<'l>(&'l self, targets: &'l LockTargets) -> LockWait<'l> {
        let deadline = Instant::now() + LOCK_WAIT;
        let lock = self.known_locks.find(targets, Instant::now());
        LockWait { bulkhead: self, targets, lock, deadline, pause: FIRST_PAUSE, last_error: None }
    }
}

impl<'l> LockWait<'l> {
    /// Waits until a connection may be used: at once, unless something is locked.
    ///
    /// # Errors
    /// The lock that the work met, or that of other work, if the deadline passes.
    pub(super) async fn acquire(&mut self) -> Result<Option<BulkheadPermit<'l>>, Error> {
        let Some(lock) = self.lock else { return Ok(None) };
        match timeout_at(self.deadline, self.bulkhead.permits.acquire()).await {
            Ok(permit) => Ok(permit.ok()),
            Err(_) => Err(self.last_error.take().unwrap_or_else(|| bulkhead_timeout(lock))),
        }
    }

    /// Pauses after a statement timed out waiting for a lock.
    ///
    /// # Errors
    /// The lock error that was passed in, if the deadline is over.
    pub(super) async fn back_off(&mut self, error: Error) -> Result<(), Error> {
        let now = Instant::now();
        let lock = LockLevel::of(&error);
        self.bulkhead.known_locks.add(self.targets.blocked_on(&error), lock, now);
        self.lock = Some(lock);
        if now >= self.deadline {
            return Err(error);
        }
        self.last_error = Some(error);
        sleep_until(self.deadline.min(now + self.pause)).await;
        self.pause = (2 * self.pause).min(MAX_PAUSE);
        Ok(())
    }

    /// Ends the wait: none of the targets is locked any more.
    pub(super) fn finish(&self) {
        self.bulkhead.known_locks.remove(self.targets);
    }
}

#[derive(Debug, thiserror::Error)]
#[error("other calls have been waiting for what another client has locked for {} s", LOCK_WAIT.as_secs())]
struct BulkheadTimeout(LockLevel);

fn bulkhead_timeout(lock: LockLevel) -> Error {
    Error::Io(io::Error::new(io::ErrorKind::TimedOut, BulkheadTimeout(lock)))
}

/// Whether a call timed out waiting for a permit, behind locked rows.
pub(super) fn is_row_bulkhead_timeout(error: &Error) -> bool {
    let Error::Io(source) = error else { return false };
    let timeout = source.get_ref().and_then(<dyn StdError + Send + Sync>::downcast_ref::<BulkheadTimeout>);
    timeout.is_some_and(|BulkheadTimeout(lock)| *lock == LockLevel::Row)
}
