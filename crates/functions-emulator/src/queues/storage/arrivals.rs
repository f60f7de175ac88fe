//! Wakes a queue's listener when something was put into it from here.

// The host: docs/reference/host-protocol.md#queue-options.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use tokio::sync::Notify;

/// One bell a queue, which remembers one ring that was not heard; clones share them.
#[derive(Clone, Debug, Default)]
pub(super) struct Arrivals(Arc<Mutex<HashMap<String, Arc<Notify>>>>);

impl Arrivals {
    pub(super) fn at(&self, queue: &str) -> Arc<Notify> {
        let mut bells = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        bells.entry(queue.to_owned()).or_default().clone()
    }
}
