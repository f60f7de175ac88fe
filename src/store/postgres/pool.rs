//! The connections of this process to PostgreSQL.
//!
//! sqlx's own pool asks each connection for a sign of life when it comes back, in a task of its own, without a limit of
//! time, and with the connection's place in its hand: a server that falls silent takes the places for good
//! (<https://github.com/transact-rs/sqlx/issues/4349>). It also drops a login that is half made when the caller who
//! asked for it has gone. Here a connection comes back only when the last answer on it was read to its end, and then
//! without I/O; every other one is closed, and its place is free in the same moment.

use std::{
    fmt,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use deadpool::unmanaged::{self, Object};
use log::LevelFilter;
use sqlx::{ConnectOptions as _, Error, PgConnection, postgres::PgConnectOptions};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore, watch},
    time::Instant,
};

mod arrays;
mod connector;
mod executor;
mod failure;
mod lease;
mod pacing;
mod sign_in;
mod writes;

pub(super) use executor::Access;
pub(super) use failure::{is_of_code, is_without_connection, sqlstate};
use lease::Lease;
use pacing::Logins;
pub(super) use sign_in::SignIn;
use writes::Writes;

/// How long a connection lives: one that was made with a token that is over by then is gone soon after.
const LIFETIME: Duration = Duration::from_mins(30);

/// How long a connection stays open that no statement needs.
const IDLE: Duration = Duration::from_mins(10);

/// How often the idle connections are looked through.
const SWEEP: Duration = Duration::from_mins(1);

/// At most so many connections. Cloning shares them.
#[derive(Clone)]
pub(super) struct Pool(Arc<Shared>);

struct Shared {
    address: PgConnectOptions,
    sign_in: Option<SignIn>,
    idle: unmanaged::Pool<Connected>,
    /// Each connection and each login under way holds one.
    places: Arc<Semaphore>,
    logins: watch::Sender<Logins>,
    writes: Writes,
    /// Counts how often prepared statements turned out to be out of date.
    plans: AtomicU64,
    /// The newest token that the server took.
    token: AtomicU64,
    swept: Mutex<Instant>,
}

/// A connection, and what tells whether it may be used.
struct Connected {
    connection: PgConnection,
    made: Instant,
    /// When the last answer on it was whole.
    heard: Instant,
    plans: u64,
    token: u64,
    epoch: u64,
    /// Declared last: the socket is closed before another one may take its place.
    _place: OwnedSemaphorePermit,
}

impl Pool {
    /// Touches no network, and needs no runtime. The first statement makes the first connection.
    pub(super) fn new(address: PgConnectOptions, connections: u32, sign_in: Option<SignIn>) -> Self {
        let size = connections.max(1) as usize;
        Self(Arc::new(Shared {
            // An outage has a line when it begins and one when it ends, and not one for each statement that it slows.
            address: address.log_slow_statements(LevelFilter::Off, Duration::MAX),
            sign_in,
            idle: unmanaged::Pool::new(size),
            places: Arc::new(Semaphore::new(size)),
            logins: watch::Sender::new(Logins::new(Instant::now())),
            writes: Writes::new(Instant::now()),
            plans: AtomicU64::new(0),
            token: AtomicU64::new(0),
            swept: Mutex::new(Instant::now()),
        }))
    }

    /// How many connections run a statement.
    pub(super) fn in_use(&self) -> u32 {
        let status = self.0.idle.status();
        u32::try_from(status.size.saturating_sub(status.available)).unwrap_or(u32::MAX)
    }

    /// A connection for this caller alone. Waits at most [`POOL_WAIT`](crate::store::timeouts::POOL_WAIT).
    ///
    /// # Errors
    /// Why the last login failed, or [`Error::PoolTimedOut`] when all connections are in use. At once, when no
    /// connection is there and waiting does not cure the reason. [`is_without_connection`] tells these errors from
    /// those of a statement.
    async fn lease(&self) -> Result<Lease, Error> {
        if let Some(sign_in) = &self.0.sign_in {
            sign_in.renew_when_due();
        }
        while let Ok(object) = self.0.idle.try_get() {
            if let Some(lease) = self.lease_of(object) {
                return Ok(lease);
            }
        }
        self.wait_for_lease().await
    }

    /// None when the connection may not be used any more; then it is closed.
    fn lease_of(&self, object: Object<Connected>) -> Option<Lease> {
        if self.0.may_be_used(&object, Instant::now()) {
            return Some(Lease::new(object, self.clone()));
        }
        self.close(object);
        None
    }

    /// Closes the connection without I/O, and tells those who wait that its place is free.
    fn close(&self, object: Object<Connected>) {
        drop(Object::take(object));
        self.0.logins.send_if_modified(|logins| logins.is_awaited());
    }

    /// Takes the connection back: the next caller gets it, the longest waiter first.
    fn take_back(&self, mut object: Object<Connected>) {
        let now = Instant::now();
        object.heard = now;
        if !self.0.may_be_used(&object, now) {
            return self.close(object);
        }
        drop(object);
        let due = {
            let mut swept = self.0.swept.lock().unwrap_or_else(PoisonError::into_inner);
            let due = now.duration_since(*swept) >= SWEEP;
            if due {
                *swept = now;
            }
            due
        };
        if due {
            self.keep_idle(|idle| now.duration_since(idle.heard) < IDLE && self.0.may_be_used(idle, now));
        }
    }

    /// Closes the connection after its server or the way to it failed. What was idle for as long as this one, or
    /// longer, has met the same fate, and is closed with it.
    fn close_with_its_like(&self, object: Object<Connected>) {
        let heard = object.heard;
        self.0.logins.send_if_modified(|logins| {
            logins.connection_failed(heard);
            false
        });
        self.keep_idle(|idle| idle.heard > heard);
        self.close(object);
    }

    /// Closes a connection whose server fell silent, and every idle one: a failover that drops packets drops those of
    /// all, and no caller waits for it twice. Those in use come back only if they answer.
    fn close_with_all_idle(&self, object: Object<Connected>) {
        let heard = object.heard;
        self.0.logins.send_if_modified(|logins| {
            logins.connection_failed(heard);
            false
        });
        self.keep_idle(|_| false);
        self.close(object);
    }

    /// Closes a connection that the server does not let do its work. The next login waits a little: it may end the
    /// same way.
    fn close_as_unfit(&self, object: Object<Connected>) {
        self.0.logins.send_if_modified(|logins| {
            logins.slow_down(Instant::now());
            false
        });
        self.close_with_its_like(object);
    }

    /// Closes a connection that turned out to be read-only.
    fn close_as_read_only(&self, object: Object<Connected>) {
        self.0.writes.refuse(object.epoch);
        self.close(object);
    }

    /// Closes a connection whose prepared statements are out of date; those of all others are too.
    fn close_with_all_plans(&self, object: Object<Connected>) {
        let plans = object.plans;
        let newer = plans + 1;
        if self.0.plans.compare_exchange(plans, newer, Ordering::AcqRel, Ordering::Relaxed).is_ok() {
            self.keep_idle(|idle| idle.plans >= newer);
        }
        self.close(object);
    }

    fn keep_idle(&self, keep: impl Fn(&Connected) -> bool) {
        let mut kept = Vec::new();
        while let Ok(object) = self.0.idle.try_get() {
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

impl Shared {
    /// Whether a connection is neither too old nor out of date. Does no I/O.
    fn may_be_used(&self, connected: &Connected, now: Instant) -> bool {
        now.duration_since(connected.made) < LIFETIME
            && connected.plans >= self.plans.load(Ordering::Acquire)
            && connected.token >= self.token.load(Ordering::Acquire)
            && connected.epoch >= self.writes.epoch()
    }
}

impl fmt::Debug for Pool {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Pool").field("idle", &self.0.idle.status()).finish_non_exhaustive()
    }
}
