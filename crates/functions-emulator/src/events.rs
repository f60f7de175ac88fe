//! Where events go.

use tokio::sync::broadcast;

use crate::{event::Event, traffic::Traffic};

/// Sends events, and records the last calls; cheap to clone, never blocks, drops the oldest for a slow reader.
#[derive(Clone, Debug)]
pub struct Events(broadcast::Sender<Event>, Traffic);

impl Events {
    /// Without a listener.
    #[must_use]
    pub fn new() -> Self {
        Self(broadcast::Sender::new(4096), Traffic::default())
    }

    /// Tells every listener.
    pub fn publish(&self, event: Event) {
        self.1.record_event(&event);
        drop(self.0.send(event));
    }

    /// Listens from now on.
    #[must_use]
    pub fn subscribe(&self) -> broadcast::Receiver<Event> {
        self.0.subscribe()
    }

    /// The record of calls between callers, host and worker.
    pub(crate) fn traffic(&self) -> &Traffic {
        &self.1
    }
}

impl Default for Events {
    fn default() -> Self {
        Self::new()
    }
}
