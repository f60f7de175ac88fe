//! What did not reach the collector.

use std::{
    fmt::Display,
    mem,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use crate::telemetry::Event;

/// How often what was dropped is reported.
const REPORT_INTERVAL: Duration = Duration::from_mins(1);

/// What is exported.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Signal {
    Spans,
    Metrics,
}

/// Counts the spans or the exports of metrics that were dropped, and reports them once a minute. Cloning shares the
/// count.
#[derive(Clone, Debug)]
pub(super) struct Dropped {
    signal: Signal,
    unreported: Arc<Mutex<Unreported>>,
}

#[derive(Debug, Default)]
struct Unreported {
    dropped: u64,
    error: Option<String>,
    /// Spans of the batch under way that the collector refused.
    rejected: usize,
}

impl Dropped {
    pub(super) fn new(signal: Signal) -> Self {
        Self { signal, unreported: Arc::default() }
    }

    /// Counts what was dropped.
    pub(super) fn add(&self, count: usize) {
        self.unreported().dropped += count as u64;
    }

    /// Why sending failed; the last reason is reported.
    pub(super) fn set_error(&self, error: String) {
        self.unreported().error = Some(error);
    }

    /// As [`set_error`](Self::set_error), where no better reason is known.
    pub(super) fn set_error_if_none(&self, error: &str) {
        self.unreported().error.get_or_insert_with(|| error.to_owned());
    }

    /// Remembers how many spans of the batch under way the collector refused.
    pub(super) fn set_rejected(&self, spans: usize) {
        self.unreported().rejected = spans;
    }

    /// How many spans of the batch that ends here the collector refused.
    pub(super) fn take_rejected(&self) -> usize {
        mem::take(&mut self.unreported().rejected)
    }

    /// Logs what was dropped since the last report, if anything.
    pub(super) fn report(&self) {
        let (dropped, error) = {
            let mut unreported = self.unreported();
            (mem::take(&mut unreported.dropped), unreported.error.take())
        };
        if dropped > 0 || error.is_some() {
            let error = error.as_ref().map(|error| error as &dyn Display);
            match self.signal {
                Signal::Spans => Event::SpansDropped { dropped, error }.log(),
                Signal::Metrics => Event::MetricsDropped { dropped, error }.log(),
            }
        }
    }

    pub(super) async fn report_periodically(self) {
        loop {
            tokio::time::sleep(REPORT_INTERVAL).await;
            self.report();
        }
    }

    fn unreported(&self) -> MutexGuard<'_, Unreported> {
        self.unreported.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
