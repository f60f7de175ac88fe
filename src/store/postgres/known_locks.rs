//! The locks of other clients that calls met in the last seconds.

use std::{
    collections::HashMap,
    hash::{DefaultHasher, Hash as _, Hasher as _},
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use sqlx::{Error, postgres::PgDatabaseError};
use tokio::time::Instant;

use super::{in_flight::ResourceKey, pool::sqlstate};
use crate::orders::LineDraft;

/// How long a lock stays known without a call that meets it.
const LOCK_TTL: Duration = Duration::from_secs(10);

/// The most locks that are known. Any further one costs the next call one short wait.
const MAX_KNOWN_LOCKS: usize = 1024;

/// Units of work that lock no single resource; a locked table blocks all of one operation.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub(super) enum Operation {
    Schema,
    Probe,
    Order,
    Orders,
    History,
    Products,
    DeadLetters,
    Gauges,
    Relay,
    Purge,
}

/// Something that another client may have locked.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub(super) enum Lockable {
    Operation(Operation),
    Resource(ResourceKey),
    /// The products of an order's lines, as a hash: two that share it wait together.
    Products(u64),
}

/// What a unit of work needs and another client may have locked.
pub(super) struct LockTargets {
    own: Option<Lockable>,
    lines: Option<Lockable>,
}

impl LockTargets {
    /// The targets of a new order: its key or message, if it has one, and the products of its lines.
    pub(super) fn for_new_order(resource: Option<ResourceKey>, lines: &[LineDraft]) -> Self {
        Self { own: resource.map(Lockable::Resource), lines: Some(Lockable::Products(hash(lines))) }
    }

    /// The targets of new lines of an order.
    pub(super) fn for_new_lines(resource: ResourceKey, lines: &[LineDraft]) -> Self {
        Self::for_new_order(Some(resource), lines)
    }

    /// The resource that is locked inside this process.
    pub(super) fn resource(&self) -> Option<&ResourceKey> {
        match &self.own {
            Some(Lockable::Resource(resource)) => Some(resource),
            _ => None,
        }
    }

    fn lockables(&self) -> impl Iterator<Item = &Lockable> {
        self.own.iter().chain(&self.lines)
    }

    /// What blocked a statement that timed out waiting. The server names the table of a locked row.
    pub(super) fn blocked_on(&self, error: &Error) -> Option<&Lockable> {
        let is_new =
            matches!(self.resource(), None | Some(ResourceKey::Request(..) | ResourceKey::Message(_)));
        let is_product = if is_new {
            !is_row_lock_in(error, "idempotency_keys") && !is_row_lock_in(error, "inbox")
        } else {
            is_row_lock_in(error, "products")
        };
        self.lines.as_ref().filter(|_| is_product).or(self.own.as_ref())
    }
}

impl From<ResourceKey> for LockTargets {
    fn from(resource: ResourceKey) -> Self {
        Self { own: Some(Lockable::Resource(resource)), lines: None }
    }
}

impl From<Operation> for LockTargets {
    fn from(operation: Operation) -> Self {
        Self { own: Some(Lockable::Operation(operation)), lines: None }
    }
}

fn hash(lines: &[LineDraft]) -> u64 {
    let mut skus: Vec<_> = lines.iter().map(|line| line.sku.as_str()).collect();
    skus.sort_unstable();
    let mut hasher = DefaultHasher::new();
    skus.hash(&mut hasher);
    hasher.finish()
}

/// Whether a statement waited for a row of this table. A wait for a table as a whole names none.
pub(super) fn is_row_lock_in(error: &Error, table: &str) -> bool {
    let answer = error.as_database_error().and_then(|error| error.try_downcast_ref::<PgDatabaseError>());
    answer.and_then(PgDatabaseError::r#where).is_some_and(|place| place.contains(table))
}

/// Whether a statement waited for a row. The server names its place, as in `tuple (0,3)`, in any language.
pub(super) fn is_row_lock(error: &Error) -> bool {
    let answer = error.as_database_error().and_then(|error| error.try_downcast_ref::<PgDatabaseError>());
    answer.and_then(PgDatabaseError::r#where).is_some_and(names_place_of_row)
}

fn names_place_of_row(context: &str) -> bool {
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let places = context.split('(').skip(1).filter_map(|rest| rest.split_once(')')?.0.split_once(','));
    places.into_iter().any(|(block, item)| is_number(block) && is_number(item))
}

/// Whether a row or a whole table is locked.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum LockLevel {
    Row,
    Table,
}

impl LockLevel {
    /// The level of the lock that a statement timed out waiting for.
    pub(super) fn of(error: &Error) -> Self {
        if is_row_lock(error) { Self::Row } else { Self::Table }
    }
}

/// The known locks, with the time until which each is remembered.
#[derive(Default)]
pub(super) struct KnownLocks {
    /// Whether there may be known locks: without any, no call takes the mutex.
    any: AtomicBool,
    until: Mutex<HashMap<Lockable, (Instant, LockLevel)>>,
}

impl KnownLocks {
    /// The lock of any of these targets, if there is one.
    pub(super) fn find(&self, targets: &LockTargets, now: Instant) -> Option<LockLevel> {
        if !self.any.load(Ordering::Relaxed) {
            return None;
        }
        let until = self.until();
        targets
            .lockables()
            .find_map(|lockable| until.get(lockable).filter(|(until, _)| now < *until))
            .map(|(_, lock)| *lock)
    }

    pub(super) fn add(&self, lockable: Option<&Lockable>, lock: LockLevel, now: Instant) {
        let Some(lockable) = lockable else { return };
        let mut until = self.until();
        if until.len() >= MAX_KNOWN_LOCKS {
            until.retain(|_, (until, _)| now < *until);
        }
        if until.len() < MAX_KNOWN_LOCKS || until.contains_key(lockable) {
            until.insert(lockable.clone(), (now + LOCK_TTL, lock));
        }
        self.any.store(true, Ordering::Relaxed);
    }

    pub(super) fn remove(&self, targets: &LockTargets) {
        if !self.any.load(Ordering::Relaxed) {
            return;
        }
        let mut until = self.until();
        for lockable in targets.lockables() {
            until.remove(lockable);
        }
        self.any.store(!until.is_empty(), Ordering::Relaxed);
    }

    fn until(&self) -> MutexGuard<'_, HashMap<Lockable, (Instant, LockLevel)>> {
        self.until.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether a statement timed out waiting for a lock.
pub(super) fn is_lock_timeout(error: &sqlx::Error) -> bool {
    sqlstate(error).as_deref() == Some("55P03")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(skus: &[&str]) -> Vec<LineDraft> {
        let quantity = 1.try_into().unwrap();
        skus.iter().map(|sku| LineDraft { sku: sku.parse().unwrap(), quantity }).collect()
    }

    #[test]
    fn orders_of_the_same_products_wait_together() {
        let (known_locks, now) = (KnownLocks::default(), Instant::now());
        let both = LockTargets::for_new_order(None, &lines(&["CUP", "TEA"]));
        known_locks.add(both.lines.as_ref(), LockLevel::Row, now);
        assert_eq!(
            known_locks.find(&LockTargets::for_new_order(None, &lines(&["TEA", "CUP"])), now),
            Some(LockLevel::Row)
        );
        assert_eq!(known_locks.find(&LockTargets::for_new_order(None, &lines(&["TEA"])), now), None);
        known_locks.remove(&both);
        assert!(known_locks.find(&both, now).is_none() && !known_locks.any.load(Ordering::Relaxed));
    }

    #[test]
    fn locks_are_forgotten_and_bounded() {
        let (known_locks, now) = (KnownLocks::default(), Instant::now());
        for number in 0..2 * MAX_KNOWN_LOCKS as u64 {
            known_locks.add(Some(&Lockable::Products(number)), LockLevel::Row, now);
        }
        assert_eq!(known_locks.until().len(), MAX_KNOWN_LOCKS);
        let later = now + LOCK_TTL;
        known_locks.add(Some(&Lockable::Operation(Operation::Orders)), LockLevel::Table, later);
        assert_eq!(known_locks.until().len(), 1);
        assert_eq!(known_locks.find(&Operation::Orders.into(), later + LOCK_TTL), None);
    }

    #[test]
    fn row_locks_are_recognized_in_every_language() {
        for row in [
            "while locking tuple (0,3) in relation \"orders\"",
            "beim Sperren von Tupel (17,204) in Relation »orders«",
            "SQL statement \"SELECT 1 FROM ONLY x WHERE sku OPERATOR(pg_catalog.=) $1 FOR KEY SHARE OF x\"
             while locking tuple (0,1) in relation \"products\"",
        ] {
            assert!(names_place_of_row(row), "{row}");
        }
        for other in
            ["PL/pgSQL function inline_code_block line 5 at SQL statement", "f(a,b) (1) (,) (1,x", ""]
        {
            assert!(!names_place_of_row(other), "{other}");
        }
    }
}
