//! The connections of a pool, and what becomes of each when it is not in a caller's hands.

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

use super::{pacing::Logins, sign_in::SignIn, writes::Writes};

/// How long a connection lives: one that was made with a token that is over by then is gone soon after.
const LIFETIME: Duration = Duration::from_mins(30);

/// How long a connection stays open that no statement needs.
const IDLE: Duration = Duration::from_mins(10);

/// How often the idle connections are looked through.
const SWEEP: Duration = Duration::from_mins(1);

/// What all clones of a pool share.
pub(super) struct Shared {
    pub(super) address: PgConnectOptions,
    pub(super) sign_in: Option<SignIn>,
    pub(super) idle: unmanaged::Pool<Connected>,
    /// Each connection and each login under way holds one.
    pub(super) places: Arc<Semaphore>,
    pub(super) logins: watch::Sender<Logins>,
    pub(super) writes: Writes,
    /// Counts how often prepared statements turned out to be out of date.
    pub(super) plans: AtomicU64,
    /// The newest token that the server took.
    pub(super) token: AtomicU64,
    pub(super) swept: Mutex<Instant>,
}

/// A connection, and what tells whether it may be used.
pub(super) struct Connected {
    pub(super) connection: PgConnection,
    pub(super) made: Instant,
    /// When the last answer on it was whole.
    pub(super) heard: Instant,
    pub(super) plans: u64,
    pub(super) token: u64,
    pub(super) epoch: u64,
    /// Declared last: the socket is closed before another one may take its place.
    pub(super) _place: OwnedSemaphorePermit,
}

impl Shared {
    /// Whether a connection is neither too old nor out of date. Does no I/O.
    pub(super) fn may_be_used(&self, connected: &Connected, now: Instant) -> bool {
        now.duration_since(connected.made) < LIFETIME
            && connected.plans >= self.plans.load(Ordering::Acquire)
            && connected.token >= self.token.load(Ordering::Acquire)
            && connected.epoch >= self.writes.epoch()
    }

    /// Closes the connection without I/O, and tells those who wait that its place is free.
    pub(super) fn close(&self, object: Object<Connected>) {
        drop(Object::take(object));
        self.logins.send_if_modified(|logins| logins.is_awaited());
    }

    /// Takes the connection back: the next caller gets it, the longest waiter first.
    pub(super) fn take_back(&self, mut object: Object<Connected>) {
        let now = Instant::now();
        object.heard = now;
        if !self.may_be_used(&object, now) {
            return self.close(object);
        }
        drop(object);
        let due = {
            let mut swept = self.swept.lock().unwrap_or_else(PoisonError::into_inner);
            let due = now.duration_since(*swept) >= SWEEP;
            if due {
                *swept = now;
            }
            due
        };
        if due {
            self.keep_idle(|idle| now.duration_since(idle.heard) < IDLE && self.may_be_used(idle, now));
        }
    }

    /// Closes the connection after its server or the way to it failed. What was idle for as long as this one, or
    /// longer, has met the same fate, and is closed with it.
    pub(super) fn close_with_its_like(&self, object: Object<Connected>) {
        let heard = object.heard;
        self.logins.send_if_modified(|logins| {
            logins.connection_failed(heard);
            false
        });
        self.keep_idle(|idle| idle.heard > heard);
        self.close(object);
    }

    /// Closes a connection whose server fell silent, and every idle one: a failover that drops packets drops those of
    /// all, and no caller waits for it twice. Those in use come back only if they answer.
    pub(super) fn close_with_all_idle(&self, object: Object<Connected>) {
        let heard = object.heard;
        self.logins.send_if_modified(|logins| {
            logins.connection_failed(heard);
            false
        });
        self.keep_idle(|_| false);
        self.close(object);
    }

    /// Closes a connection that the server does not let do its work. The next login waits a little: it may end the
    /// same way.
    pub(super) fn close_as_unfit(&self, object: Object<Connected>) {
        self.logins.send_if_modified(|logins| {
            logins.slow_down(Instant::now());
            false
        });
        self.close_with_its_like(object);
    }

    /// Closes a connection that turned out to be read-only.
    pub(super) fn close_as_read_only(&self, object: Object<Connected>) {
        self.writes.refuse(object.epoch);
        self.close(object);
    }

    /// Closes a connection whose prepared statements are out of date; those of all others are too.
    pub(super) fn close_with_all_plans(&self, object: Object<Connected>) {
        let plans = object.plans;
        let newer = plans + 1;
        if self.plans.compare_exchange(plans, newer, Ordering::AcqRel, Ordering::Relaxed).is_ok() {
            self.keep_idle(|idle| idle.plans >= newer);
        }
        self.close(object);
    }

    pub(super) fn keep_idle(&self, keep: impl Fn(&Connected) -> bool) {
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
