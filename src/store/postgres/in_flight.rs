//! Changes that are under way in this process, by what they change. Those of the same thing would wait for each other in
//! the database, each with a connection in its hand; here they wait without one.

use std::{
    collections::HashMap,
    error::Error as StdError,
    io,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use sqlx::Error;
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::timeout,
};
use uuid::Uuid;

use super::limits::LOCK_WAIT;
use crate::orders::{Digest, OrderId, Owner, RequestKey, Sku};

/// What a call changes, and no other call may change at the same time.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub(super) enum Subject {
    Order(OrderId),
    Product(Sku),
    /// What a caller asks for under an idempotency key.
    Request(Owner, RequestKey),
    /// An order that came in a message.
    Message(Uuid),
    Letter(Uuid),
    /// What a dead letter holds.
    Payload(Digest),
}

/// The turns of all subjects that are under way.
#[derive(Default)]
pub(super) struct InFlight(Mutex<HashMap<Subject, Entry>>);

struct Entry {
    /// Who has the turn, and who waits for it.
    callers: usize,
    turn: Arc<Semaphore>,
}

impl InFlight {
    /// Waits until no other call of this process changes the subject, at most [`LOCK_WAIT`].
    ///
    /// # Errors
    /// One that [`is_outwaited`] knows, when the other calls take longer.
    pub(super) async fn enter(&self, subject: Subject) -> Result<Turn<'_>, Error> {
        let semaphore = {
            let mut entries = self.entries();
            let entry = entries
                .entry(subject.clone())
                .or_insert_with(|| Entry { callers: 0, turn: Arc::new(Semaphore::new(1)) });
            entry.callers += 1;
            Arc::clone(&entry.turn)
        };
        let mut turn = Turn { in_flight: self, subject, permit: None };
        let late = || Error::Io(io::Error::new(io::ErrorKind::TimedOut, Outwaited));
        turn.permit = timeout(LOCK_WAIT, semaphore.acquire_owned()).await.map_err(|_| late())?.ok();
        Ok(turn)
    }

    fn entries(&self) -> MutexGuard<'_, HashMap<Subject, Entry>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The right to change a subject. Ends with the value.
pub(super) struct Turn<'f> {
    in_flight: &'f InFlight,
    subject: Subject,
    permit: Option<OwnedSemaphorePermit>,
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        let mut entries = self.in_flight.entries();
        drop(self.permit.take());
        if let Some(entry) = entries.get_mut(&self.subject) {
            entry.callers -= 1;
            if entry.callers == 0 {
                entries.remove(&self.subject);
            }
        }
    }
}

#[derive(Debug, thiserror::Error)]
#[error("another call has been changing the same thing for {} s", LOCK_WAIT.as_secs())]
struct Outwaited;

/// Whether a call gave up waiting for another one of this process.
pub(super) fn is_outwaited(error: &Error) -> bool {
    let Error::Io(source) = error else { return false };
    source.get_ref().is_some_and(<dyn StdError + Send + Sync>::is::<Outwaited>)
}
