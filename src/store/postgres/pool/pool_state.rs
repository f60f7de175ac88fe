//! The state of a pool, and when a connection is returned or closed.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use deadpool::unmanaged::{self, Object};
use sqlx::{PgConnection, postgres::PgConnectOptions};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore, watch},
    time::Instant,
};

use super::{login_backoff::Logins, token_cache::DatabaseTokenCache, write_gate::WriteGate};
use crate::store::Pooler;

/// How long a connection lives: one that was made with a token that is over by then is gone soon after.
const LIFETIME: Duration = Duration::from_mins(30);

/// How long a connection stays open that no statement needs.
const IDLE: Duration = Duration::from_mins(10);

/// How often the idle connections are looked through.
const SWEEP: Duration = Duration::from_mins(1);

/// The state that all clones of a pool share.
pub(super) struct PoolState {
    pub(super) address: PgConnectOptions,
    pub(super) tokens: Option<DatabaseTokenCache>,
    pub(super) pooler: Pooler,
    pub(super) idle: unmanaged::Pool<PooledConnection>,
    /// Each connection and each running login holds a permit.
    pub(super) slots: Arc<Semaphore>,
    pub(super) logins: watch::Sender<Logins>,
    pub(super) write_gate: WriteGate,
    /// Rises when prepared statements turn out to be outdated.
    pub(super) plan_generation: AtomicU64,
    /// The number of the newest token that the server accepted.
    pub(super) token: AtomicU64,
    pub(super) last_sweep: Mutex<Instant>,
}

/// A connection, with what decides whether it may be used.
pub(super) struct PooledConnection {
    pub(super) connection: PgConnection,
    pub(super) created_at: Instant,
    /// When the last complete response arrived.
    pub(super) last_response: Instant,
    pub(super) plan_generation: u64,
    pub(super) token: u64,
    pub(super) epoch: u64,
    /// Declared last: the socket is closed before another one may take its place.
    pub(super) _slot: OwnedSemaphorePermit,
}

impl PoolState {
    /// Whether a connection is neither too old nor out of date. Does no I/O.
    pub(super) fn is_usable(&self, connected: &PooledConnection, now: Instant) -> bool {
        now.duration_since(connected.created_at) < LIFETIME
            && connected.plan_generation >= self.plan_generation.load(Ordering::Acquire)
            && connected.token >= self.token.load(Ordering::Acquire)
            && connected.epoch >= self.write_gate.epoch()
    }

    /// Closes the connection without I/O, and wakes a waiter for its place.
    pub(super) fn close(&self, object: Object<PooledConnection>) {
        drop(Object::take(object));
        self.logins.send_if_modified(|logins| logins.has_waiters());
    }

    /// Puts the connection back into the pool. Waiting callers are served in the order in which they came.
    pub(super) fn put_back(&self, mut object: Object<PooledConnection>) {
        let now = Instant::now();
        object.last_response = now;
        if !self.is_usable(&object, now) {
            return self.close(object);
        }
        drop(object);
        let due = {
            let mut last_sweep = self.last_sweep.lock().unwrap_or_else(PoisonError::into_inner);
            let due = now.duration_since(*last_sweep) >= SWEEP;
            if due {
                *last_sweep = now;
            }
            due
        };
        if due {
            self.retain_idle(|idle| {
                now.duration_since(idle.last_response) < IDLE && self.is_usable(idle, now)
            });
        }
    }

    /// Closes the connection after its server or the network failed, and every connection that was idle as long or
    /// longer.
    pub(super) fn close_with_older_idle(&self, object: Object<PooledConnection>) {
        let last_response = object.last_response;
        self.logins.send_if_modified(|logins| {
            logins.connection_failed(last_response);
            false
        });
        self.retain_idle(|idle| idle.last_response > last_response);
        self.close(object);
    }

    /// Closes a connection whose server fell silent, and every idle one: a failover that drops packets drops those of
    /// all, and no caller waits for it twice. Connections in use return to the pool only if they answer.
    pub(super) fn close_with_all_idle(&self, object: Object<PooledConnection>) {
        let last_response = object.last_response;
        self.logins.send_if_modified(|logins| {
            logins.connection_failed(last_response);
            false
        });
        self.retain_idle(|_| false);
        self.close(object);
    }

    /// Closes a connection that is in an open transaction. The next login waits a little: it may end the same way.
    pub(super) fn close_after_open_transaction(&self, object: Object<PooledConnection>) {
        self.logins.send_if_modified(|logins| {
            logins.slow_down(Instant::now());
            false
        });
        self.close_with_older_idle(object);
    }

    /// Closes a connection that turned out to be read-only.
    pub(super) fn close_as_read_only(&self, object: Object<PooledConnection>) {
        self.write_gate.mark_read_only(object.epoch);
        self.close(object);
    }

    /// Closes a connection whose prepared statements are out of date; those of all others are too.
    pub(super) fn close_all_outdated_plans(&self, object: Object<PooledConnection>) {
        let plan_generation = object.plan_generation;
        let newer = plan_generation + 1;
        if self
            .plan_generation
            .compare_exchange(plan_generation, newer, Ordering::AcqRel, Ordering::Relaxed)
            .is_ok()
        {
            self.retain_idle(|idle| idle.plan_generation >= newer);
        }
        self.close(object);
    }

    pub(super) fn retain_idle(&self, keep: impl Fn(&PooledConnection) -> bool) {
        let mut kept = Vec::new();
        while let Ok(object) = self.idle.try_get() {
            if keep(&object) {
                kept.push(object);
            } else {
                self.close(object);
            }
        }
        // Newest last, as they were.
        kept.into_iter().rev().for_each(drop);
    }
}
