//! What did not reach the collector.

use std::{
    fmt::Display,
    mem,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use crate::telemetry::Event;

/// How often dropped spans are reported.
const REPORT_INTERVAL: Duration = Duration::from_mins(1);

/// Counts the spans that were dropped, and reports them once a minute. Cloning shares the count.
#[derive(Clone, Debug, Default)]
pub(super) struct DroppedSpans(Arc<Mutex<Unreported>>);

#[derive(Debug, Default)]
struct Unreported {
    dropped: u64,
    error: Option<String>,
}

impl DroppedSpans {
    /// Counts spans that were dropped.
    pub(super) fn add(&self, spans: usize) {
        self.unreported().dropped += spans as u64;
    }

    /// Why sending failed; the last reason is reported.
    pub(super) fn set_error(&self, error: String) {
        self.unreported().error = Some(error);
    }

    /// Logs the spans that were dropped since the last report, if any.
    pub(super) fn report(&self) {
        let Unreported { dropped, error } = mem::take(&mut *self.unreported());
        if dropped > 0 || error.is_some() {
            let error = error.as_ref().map(|error| error as &dyn Display);
            Event::SpansDropped { dropped, error }.log();
        }
    }

    pub(super) async fn report_periodically(self) {
        loop {
            tokio::time::sleep(REPORT_INTERVAL).await;
            self.report();
        }
    }

    fn unreported(&self) -> MutexGuard<'_, Unreported> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
