//! Requests that are under way in this process, by the keys that their callers gave them. A file has one writer, and
//! no reader sees what it is about to write: this alone tells a twin from any other request that waits for it.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use crate::orders::{Owner, RequestKey};

/// How many requests are under way, by caller and key.
#[derive(Default)]
pub(super) struct Turns(Mutex<HashMap<(Owner, RequestKey), usize>>);

impl Turns {
    /// Counts a request until its turn is dropped.
    pub(super) fn begin(&self, owner: Owner, key: &RequestKey) -> Turn<'_> {
        let named = (owner, key.clone());
        *self.counts().entry(named.clone()).or_default() += 1;
        Turn { turns: self, named }
    }

    fn counts(&self) -> MutexGuard<'_, HashMap<(Owner, RequestKey), usize>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A request under way.
pub(super) struct Turn<'t> {
    turns: &'t Turns,
    named: (Owner, RequestKey),
}

impl Turn<'_> {
    /// Whether another request of the same caller and key is under way too.
    pub(super) fn has_twin(&self) -> bool {
        self.turns.counts().get(&self.named).is_some_and(|count| *count > 1)
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        let mut counts = self.turns.counts();
        if let Some(count) = counts.get_mut(&self.named) {
            *count -= 1;
            if *count == 0 {
                counts.remove(&self.named);
            }
        }
    }
}
