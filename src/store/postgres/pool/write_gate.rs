//! Whether the server accepts writes.
//!
//! After a failover, the connections of before may lead to a standby, which only reads: a new one writes. A server can
//! also be read-only as a whole. Then writes fail at once, and reads continue on the open connections. One write at a
//! time tries a new connection, until one accepts writes.

use std::{
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use tokio::time::Instant;

/// How long writes fail at once before one of them tries again.
const PAUSE: Duration = Duration::from_millis(500);

/// Lets writes through, unless the server is read-only.
pub(super) struct WriteGate {
    /// Whether a write was refused, and no new connection has accepted writes since.
    is_read_only: AtomicBool,
    /// Counts how often a connection that accepts writes was found. What was connected before leads to another server,
    /// or to an older state of it.
    epoch: AtomicU64,
    not_before: Mutex<Instant>,
    pub(super) probe: tokio::sync::Mutex<()>,
}

impl WriteGate {
    pub(super) fn new(now: Instant) -> Self {
        Self {
            is_read_only: AtomicBool::new(false),
            epoch: AtomicU64::new(0),
            not_before: Mutex::new(now),
            probe: tokio::sync::Mutex::default(),
        }
    }

    pub(super) fn epoch(&self) -> u64 {
        self.epoch.load(Ordering::Acquire)
    }

    /// Records that a connection of this epoch was refused a write. A refusal on a connection of an older epoch is
    /// known already.
    pub(super) fn mark_read_only(&self, epoch: u64) {
        if epoch >= self.epoch() {
            self.is_read_only.store(true, Ordering::Release);
        }
    }

    pub(super) fn is_read_only(&self) -> bool {
        self.is_read_only.load(Ordering::Acquire)
    }

    /// Writes may be sent; gives the epoch of the connection that showed it.
    pub(super) fn mark_writable(&self) -> u64 {
        let epoch = self.epoch.fetch_add(1, Ordering::AcqRel) + 1;
        self.is_read_only.store(false, Ordering::Release);
        epoch
    }

    pub(super) fn pause(&self) {
        *self.not_before.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now() + PAUSE;
    }

    pub(super) fn is_paused(&self) -> bool {
        Instant::now() < *self.not_before.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
