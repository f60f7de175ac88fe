//! What did not reach the collector.

use std::{
    fmt::Display,
    mem,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use crate::telemetry::Event;

/// How often losses are told.
const MINUTE: Duration = Duration::from_mins(1);

/// Counts spans that are lost, and tells of them once a minute. Cloning shares the count.
#[derive(Clone, Debug, Default)]
pub(super) struct Losses(Arc<Mutex<Untold>>);

#[derive(Debug, Default)]
struct Untold {
    dropped: u64,
    error: Option<String>,
}

impl Losses {
    /// So many spans are lost.
    pub(super) fn dropped(&self, spans: usize) {
        self.untold().dropped += spans as u64;
    }

    /// Why sending failed just now; the last reason is told.
    pub(super) fn failed(&self, error: String) {
        self.untold().error = Some(error);
    }

    /// Tells what was not told yet, if there is anything.
    pub(super) fn tell(&self) {
        let Untold { dropped, error } = mem::take(&mut *self.untold());
        if dropped > 0 || error.is_some() {
            let error = error.as_ref().map(|error| error as &dyn Display);
            Event::SpansUnsent { dropped, error }.log();
        }
    }

    pub(super) async fn keep_telling(self) {
        loop {
            tokio::time::sleep(MINUTE).await;
            self.tell();
        }
    }

    fn untold(&self) -> MutexGuard<'_, Untold> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
