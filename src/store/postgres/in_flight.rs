//! The resources that calls of this process are changing. Two changes of one resource would wait for each other in the
//! database, each with a connection; here the second waits without one.

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
use crate::orders::{Digest, IdempotencyKey, OrderId, Owner, Sku};

/// A resource that only one call of this process may change at a time.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub(super) enum ResourceKey {
    Order(OrderId),
    Product(Sku),
    /// A request with an idempotency key.
    Request(Owner, IdempotencyKey),
    /// The order of an incoming message.
    Message(Uuid),
    DeadLetter(Uuid),
    /// The payload of a dead letter.
    Payload(Digest),
}

/// A lock for each resource that is being changed.
#[derive(Default)]
pub(super) struct InFlight(Mutex<HashMap<ResourceKey, Entry>>);

struct Entry {
    /// The call that holds the lock, and those that wait for it.
    callers: usize,
    semaphore: Arc<Semaphore>,
}

impl InFlight {
    /// Locks a resource. Waits at most [`LOCK_WAIT`].
    ///
    /// # Errors
    /// An error of [`is_resource_lock_timeout`], if the wait takes longer.
    pub(super) async fn lock(&self, resource: ResourceKey) -> Result<ResourceLock<'_>, Error> {
        let semaphore = {
            let mut entries = self.entries();
            let entry = entries
                .entry(resource.clone())
                .or_insert_with(|| Entry { callers: 0, semaphore: Arc::new(Semaphore::new(1)) });
            entry.callers += 1;
            Arc::clone(&entry.semaphore)
        };
        let mut lock = ResourceLock { in_flight: self, resource, permit: None };
        let late = || Error::Io(io::Error::new(io::ErrorKind::TimedOut, ResourceLockTimeout));
        lock.permit = timeout(LOCK_WAIT, semaphore.acquire_owned()).await.map_err(|_| late())?.ok();
        Ok(lock)
    }

    fn entries(&self) -> MutexGuard<'_, HashMap<ResourceKey, Entry>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A locked resource; dropping this unlocks it.
pub(super) struct ResourceLock<'f> {
    in_flight: &'f InFlight,
    resource: ResourceKey,
    permit: Option<OwnedSemaphorePermit>,
}

impl Drop for ResourceLock<'_> {
    fn drop(&mut self) {
        let mut entries = self.in_flight.entries();
        drop(self.permit.take());
        if let Some(entry) = entries.get_mut(&self.resource) {
            entry.callers -= 1;
            if entry.callers == 0 {
                entries.remove(&self.resource);
            }
        }
    }
}

#[derive(Debug, thiserror::Error)]
#[error("another call has been changing the same thing for {} s", LOCK_WAIT.as_secs())]
struct ResourceLockTimeout;

/// Whether a call timed out waiting for another call of this process.
pub(super) fn is_resource_lock_timeout(error: &Error) -> bool {
    let Error::Io(source) = error else { return false };
    source.get_ref().is_some_and(<dyn StdError + Send + Sync>::is::<ResourceLockTimeout>)
}
