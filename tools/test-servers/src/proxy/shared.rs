//! What a proxy and its connections share.

use std::{
    collections::HashMap,
    net::SocketAddr,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, AtomicUsize},
    },
    time::Duration,
};

use tokio::sync::watch;

use super::corruption::Corruption;

/// What a connection does with bytes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum State {
    /// It forwards them.
    Passing,
    /// The connection forwards what the client sends and drops what the server answers.
    Unanswered,
    /// It swallows them.
    Silent,
    /// The connection is closed with a reset.
    Reset,
}

/// What is broken in connections that pass.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Faults {
    pub(super) answer_delay: Duration,
    pub(super) login_delay: Duration,
    pub(super) corrupt: Option<Corruption>,
    pub(super) silence_after_commit: bool,
    pub(super) silence_after: Option<usize>,
    pub(super) duplicate_ready_for_query: bool,
}

#[derive(Debug)]
pub(super) struct Shared {
    pub(super) upstream: SocketAddr,
    pub(super) faults: Mutex<Faults>,
    pub(super) connections: Mutex<HashMap<u64, watch::Sender<State>>>,
    pub(super) chance: Mutex<fastrand::Rng>,
    pub(super) next: AtomicU64,
    pub(super) most: AtomicUsize,
    pub(super) accepted: AtomicUsize,
    pub(super) syncs: AtomicUsize,
    pub(super) queries: AtomicUsize,
}

impl Shared {
    pub(super) fn faults(&self) -> MutexGuard<'_, Faults> {
        lock(&self.faults)
    }
}

pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
