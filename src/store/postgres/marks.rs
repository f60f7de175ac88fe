//! What other clients have locked, as far as calls of the last seconds have met it. Calls come and go; a lock stays.

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

use super::{in_flight::Subject, pool::sqlstate};
use crate::orders::LineDraft;

/// How long a lock is remembered that no call meets any more.
const REMEMBERED: Duration = Duration::from_secs(10);

/// How many locks are remembered. What is not remembered costs the next call one short wait on any connection.
const MOST: usize = 1024;

/// Units of work that need nothing but whole tables, so that a lock of one holds up all of a kind.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub(super) enum Kind {
    Schema,
    Probe,
    Order,
    Orders,
    History,
    Products,
    Letters,
    Gauges,
    Relay,
    Purge,
}

/// One thing that may be locked.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub(super) enum Mark {
    Kind(Kind),
    Subject(Subject),
    /// The products of an order's lines, as a hash: two that share it wait together.
    Lines(u64),
}

/// What a unit of work needs, and others may have locked.
pub(super) struct Needs {
    own: Option<Mark>,
    lines: Option<Mark>,
}

impl Needs {
    /// Those of a new order, which is placed under a key, by a message or as it comes.
    pub(super) fn order(subject: Option<Subject>, lines: &[LineDraft]) -> Self {
        Self { own: subject.map(Mark::Subject), lines: Some(Mark::Lines(hash(lines))) }
    }

    /// Those of new lines of an order.
    pub(super) fn lines(subject: Subject, lines: &[LineDraft]) -> Self {
        Self::order(Some(subject), lines)
    }

    /// What no other call of this process may change at the same time.
    pub(super) fn subject(&self) -> Option<&Subject> {
        match &self.own {
            Some(Mark::Subject(subject)) => Some(subject),
            _ => None,
        }
    }

    fn marks(&self) -> impl Iterator<Item = &Mark> {
        self.own.iter().chain(&self.lines)
    }

    /// What is locked, after a statement gave up waiting for it. The server names the row's table, if it is a row.
    pub(super) fn locked_by(&self, error: &Error) -> Option<&Mark> {
        let is_new = matches!(self.subject(), None | Some(Subject::Request(..) | Subject::Message(_)));
        let is_of_lines = if is_new {
            !names_row_of(error, "idempotency_keys") && !names_row_of(error, "inbox")
        } else {
            names_row_of(error, "products")
        };
        self.lines.as_ref().filter(|_| is_of_lines).or(self.own.as_ref())
    }
}

impl From<Subject> for Needs {
    fn from(subject: Subject) -> Self {
        Self { own: Some(Mark::Subject(subject)), lines: None }
    }
}

impl From<Kind> for Needs {
    fn from(kind: Kind) -> Self {
        Self { own: Some(Mark::Kind(kind)), lines: None }
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
pub(super) fn names_row_of(error: &Error, table: &str) -> bool {
    let answer = error.as_database_error().and_then(|error| error.try_downcast_ref::<PgDatabaseError>());
    answer.and_then(PgDatabaseError::r#where).is_some_and(|place| place.contains(table))
}

/// Whether a statement waited for a row. The server names its place, as in `tuple (0,3)`, in any language.
pub(super) fn is_of_row(error: &Error) -> bool {
    let answer = error.as_database_error().and_then(|error| error.try_downcast_ref::<PgDatabaseError>());
    answer.and_then(PgDatabaseError::r#where).is_some_and(names_place_of_row)
}

fn names_place_of_row(context: &str) -> bool {
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let places = context.split('(').skip(1).filter_map(|rest| rest.split_once(')')?.0.split_once(','));
    places.into_iter().any(|(block, item)| is_number(block) && is_number(item))
}

/// What somebody has locked.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Lock {
    Row,
    Table,
}

impl Lock {
    /// What a statement gave up waiting for.
    pub(super) fn met(error: &Error) -> Self {
        if is_of_row(error) { Self::Row } else { Self::Table }
    }
}

/// What is locked.
#[derive(Default)]
pub(super) struct Marks {
    /// Whether there may be some: without locks no call takes the mutex.
    any: AtomicBool,
    until: Mutex<HashMap<Mark, (Instant, Lock)>>,
}

impl Marks {
    /// How anything of this is locked, if it is.
    pub(super) fn include(&self, needs: &Needs, now: Instant) -> Option<Lock> {
        if !self.any.load(Ordering::Relaxed) {
            return None;
        }
        let until = self.until();
        needs
            .marks()
            .find_map(|mark| until.get(mark).filter(|(until, _)| now < *until))
            .map(|(_, lock)| *lock)
    }

    pub(super) fn add(&self, mark: Option<&Mark>, lock: Lock, now: Instant) {
        let Some(mark) = mark else { return };
        let mut until = self.until();
        if until.len() >= MOST {
            until.retain(|_, (until, _)| now < *until);
        }
        if until.len() < MOST || until.contains_key(mark) {
            until.insert(mark.clone(), (now + REMEMBERED, lock));
        }
        self.any.store(true, Ordering::Relaxed);
    }

    pub(super) fn remove(&self, needs: &Needs) {
        if !self.any.load(Ordering::Relaxed) {
            return;
        }
        let mut until = self.until();
        for mark in needs.marks() {
            until.remove(mark);
        }
        self.any.store(!until.is_empty(), Ordering::Relaxed);
    }

    fn until(&self) -> MutexGuard<'_, HashMap<Mark, (Instant, Lock)>> {
        self.until.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether a statement gave up waiting for a lock.
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
        let (marks, now) = (Marks::default(), Instant::now());
        let both = Needs::order(None, &lines(&["CUP", "TEA"]));
        marks.add(both.lines.as_ref(), Lock::Row, now);
        assert_eq!(marks.include(&Needs::order(None, &lines(&["TEA", "CUP"])), now), Some(Lock::Row));
        assert_eq!(marks.include(&Needs::order(None, &lines(&["TEA"])), now), None);
        marks.remove(&both);
        assert!(marks.include(&both, now).is_none() && !marks.any.load(Ordering::Relaxed));
    }

    #[test]
    fn locks_are_forgotten_and_bounded() {
        let (marks, now) = (Marks::default(), Instant::now());
        for number in 0..2 * MOST as u64 {
            marks.add(Some(&Mark::Lines(number)), Lock::Row, now);
        }
        assert_eq!(marks.until().len(), MOST);
        let later = now + REMEMBERED;
        marks.add(Some(&Mark::Kind(Kind::Orders)), Lock::Table, later);
        assert_eq!(marks.until().len(), 1);
        assert_eq!(marks.include(&Kind::Orders.into(), later + REMEMBERED), None);
    }

    #[test]
    fn a_row_is_told_from_a_table_in_every_language() {
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
