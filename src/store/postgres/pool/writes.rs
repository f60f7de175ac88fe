//! Whether the server takes writes.
//!
//! After a failover, the connections of before may lead to a standby, which only reads: a new one writes. A server can
//! also be read-only as a whole. Then writes fail at once, reads go on with the connections that are there, and one
//! write after another finds out with a new connection whether that is over.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use sqlx::Error;
use tokio::time::{Instant, timeout};

use super::{
    Pool,
    failure::{read_only, shared},
    lease::Lease,
};
use crate::store::timeouts::POOL_WAIT;

/// How long writes fail at once before one of them tries again.
const PAUSE: Duration = Duration::from_millis(500);

/// What is known of the server.
pub(super) struct Writes {
    /// Whether a write was refused, and no connection was found since that takes writes.
    are_refused: AtomicBool,
    /// Counts how often one was found. What was connected before leads to another server, or to an older state of it.
    epoch: AtomicU64,
    not_before: Mutex<Instant>,
    trial: tokio::sync::Mutex<()>,
}

impl Writes {
    pub(super) fn new(now: Instant) -> Self {
        Self {
            are_refused: AtomicBool::new(false),
            epoch: AtomicU64::new(0),
            not_before: Mutex::new(now),
            trial: tokio::sync::Mutex::default(),
        }
    }

    pub(super) fn epoch(&self) -> u64 {
        self.epoch.load(Ordering::Acquire)
    }

    /// A connection of this epoch was refused a write. What an older one meets is known already.
    pub(super) fn refuse(&self, epoch: u64) {
        if epoch >= self.epoch() {
            self.are_refused.store(true, Ordering::Release);
        }
    }

    fn are_refused(&self) -> bool {
        self.are_refused.load(Ordering::Acquire)
    }

    /// Writes may be sent; gives the epoch of the connection that showed it.
    fn allow(&self) -> u64 {
        let epoch = self.epoch.fetch_add(1, Ordering::AcqRel) + 1;
        self.are_refused.store(false, Ordering::Release);
        epoch
    }

    fn pause(&self) {
        *self.not_before.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now() + PAUSE;
    }

    fn is_paused(&self) -> bool {
        Instant::now() < *self.not_before.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Pool {
    /// A connection that takes writes, as far as it is known.
    ///
    /// # Errors
    /// As [`lease`](Self::lease), and at once while the server is read-only.
    pub(super) async fn lease_to_write(&self) -> Result<Lease, Error> {
        let writes = &self.0.writes;
        if !writes.are_refused() {
            let lease = self.lease().await?;
            if !writes.are_refused() {
                return Ok(lease);
            }
            lease.give_back();
        }
        if writes.is_paused() {
            return Err(read_only());
        }
        let Ok(turn) = timeout(POOL_WAIT, writes.trial.lock()).await else { return Err(read_only()) };
        if writes.are_refused() {
            return if writes.is_paused() { Err(read_only()) } else { self.try_to_write().await };
        }
        drop(turn);
        self.lease().await
    }

    /// A new connection, if it takes writes. Those who only read keep the one whose place it takes until it is there.
    async fn try_to_write(&self) -> Result<Lease, Error> {
        let writes = &self.0.writes;
        let mut lease = self.lease().await?;
        let renewed = lease.renew().await;
        writes.pause();
        if let Err(error) = renewed {
            lease.give_back();
            return Err(shared(&Arc::new(error)));
        }
        if lease.is_read_only().await? {
            lease.give_back();
            return Err(read_only());
        }
        let epoch = writes.allow();
        lease.enter(epoch);
        self.keep_idle(|idle| idle.epoch >= epoch);
        Ok(lease)
    }
}
