//! Wakes a queue's listener when something was put into it from here.

// The host: docs/reference/host-protocol.md#queue-options.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use tokio::sync::Notify;

/// One `Notify` per queue, which remembers one put that was not seen; clones share them.
#[derive(Clone, Debug, Default)]
pub(super) struct PutNotifier(Arc<Mutex<HashMap<String, Arc<Notify>>>>);

impl PutNotifier {
    pub(super) fn at(&self, queue: &str) -> Arc<Notify> {
        let mut by_queue = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        by_queue.entry(queue.to_owned()).or_default().clone()
    }
}
