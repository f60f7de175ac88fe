//! The requests with an idempotency key that this process is handling. A file has one writer, and no reader sees what
//! it is about to write: only this distinguishes a duplicate request from any other that waits for the writer.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use crate::orders::{IdempotencyKey, Owner};

/// The number of requests under way, by caller and key.
#[derive(Default)]
pub(super) struct InFlightRequests(Mutex<HashMap<(Owner, IdempotencyKey), usize>>);

impl InFlightRequests {
    /// Counts a request until the result is dropped.
    pub(super) fn begin(&self, owner: Owner, key: &IdempotencyKey) -> InFlightRequest<'_> {
        let key = (owner, key.clone());
        *self.counts().entry(key.clone()).or_default() += 1;
        InFlightRequest { in_flight: self, key }
    }

    fn counts(&self) -> MutexGuard<'_, HashMap<(Owner, IdempotencyKey), usize>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A request under way.
pub(super) struct InFlightRequest<'t> {
    in_flight: &'t InFlightRequests,
    key: (Owner, IdempotencyKey),
}

impl InFlightRequest<'_> {
    /// Whether another request of the same caller and key is under way too.
    pub(super) fn has_duplicate(&self) -> bool {
        self.in_flight.counts().get(&self.key).is_some_and(|count| *count > 1)
    }
}

impl Drop for InFlightRequest<'_> {
    fn drop(&mut self) {
        let mut counts = self.in_flight.counts();
        if let Some(count) = counts.get_mut(&self.key) {
            *count -= 1;
            if *count == 0 {
                counts.remove(&self.key);
            }
        }
    }
}
