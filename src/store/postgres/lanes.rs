//! Who waits for locks of other clients, and with how many connections.
//!
//! A statement that meets a lock gives up soon and is tried again. While it waits it holds no connection, and what is
//! known to be locked shares one half of the pool: everything else has the other half.

use std::{error::Error as StdError, io, time::Duration};

use sqlx::Error;
use tokio::{
    sync::{Semaphore, SemaphorePermit},
    time::{Instant, sleep_until, timeout_at},
};

use super::{
    limits::LOCK_WAIT,
    marks::{Lock, Marks, Needs},
};

/// How long a unit of work pauses after it met a lock; each further time doubles it.
const FIRST_PAUSE: Duration = Duration::from_millis(25);

const LONGEST_PAUSE: Duration = Duration::from_millis(200);

/// The connections that may be used for what is locked.
pub(super) struct Lanes {
    locked: Semaphore,
    marks: Marks,
}

/// The right to use a connection for what is locked.
pub(super) type Pass<'l> = SemaphorePermit<'l>;

/// What one unit of work knows of the locks that it meets.
pub(super) struct Waiting<'l> {
    lanes: &'l Lanes,
    needs: &'l Needs,
    lock: Option<Lock>,
    deadline: Instant,
    pause: Duration,
    last: Option<Error>,
}

impl Lanes {
    pub(super) fn of(connections: u32) -> Self {
        Self { locked: Semaphore::new((connections / 2).max(1) as usize), marks: Marks::default() }
    }

    /// Begins a unit of work that gives up after [`LOCK_WAIT`].
    pub(super) fn begin<'l>(&'l self, needs: &'l Needs) -> Waiting<'l> {
        let deadline = Instant::now() + LOCK_WAIT;
        let lock = self.marks.include(needs, Instant::now());
        Waiting { lanes: self, needs, lock, deadline, pause: FIRST_PAUSE, last: None }
    }
}

impl<'l> Waiting<'l> {
    /// Waits until a connection may be used. That is at once, unless something is locked.
    ///
    /// # Errors
    /// The lock that the work met, or one that tells of other work, when the deadline is over before.
    pub(super) async fn enter(&mut self) -> Result<Option<Pass<'l>>, Error> {
        let Some(lock) = self.lock else { return Ok(None) };
        match timeout_at(self.deadline, self.lanes.locked.acquire()).await {
            Ok(pass) => Ok(pass.ok()),
            Err(_) => Err(self.last.take().unwrap_or_else(|| crowded(lock))),
        }
    }

    /// Pauses after a statement gave up waiting for a lock.
    ///
    /// # Errors
    /// The same error, when the deadline is over.
    pub(super) async fn meet_lock(&mut self, error: Error) -> Result<(), Error> {
        let now = Instant::now();
        let lock = Lock::met(&error);
        self.lanes.marks.add(self.needs.locked_by(&error), lock, now);
        self.lock = Some(lock);
        if now >= self.deadline {
            return Err(error);
        }
        self.last = Some(error);
        sleep_until(self.deadline.min(now + self.pause)).await;
        self.pause = (2 * self.pause).min(LONGEST_PAUSE);
        Ok(())
    }

    /// The work is done: nothing of what it needs is locked any more.
    pub(super) fn end(&self) {
        self.lanes.marks.remove(self.needs);
    }
}

#[derive(Debug, thiserror::Error)]
#[error("other calls have been waiting for what another client has locked for {} s", LOCK_WAIT.as_secs())]
struct Crowded(Lock);

fn crowded(lock: Lock) -> Error {
    Error::Io(io::Error::new(io::ErrorKind::TimedOut, Crowded(lock)))
}

/// Whether a call gave up waiting for its turn at what others have locked, where those are rows.
pub(super) fn is_crowded_by_rows(error: &Error) -> bool {
    let Error::Io(source) = error else { return false };
    let crowded = source.get_ref().and_then(<dyn StdError + Send + Sync>::downcast_ref::<Crowded>);
    crowded.is_some_and(|Crowded(lock)| *lock == Lock::Row)
}
