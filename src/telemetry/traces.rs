//! A span of each invocation, sent to a collector: OTLP over HTTP, in its JSON encoding.
//!
//! An invocation leaves its span in a bounded queue and continues; a background task sends the spans in batches. While
//! the collector is unavailable or slow, one batch waits, the queue fills, and what finds no room is counted and
//! dropped.

use std::time::Duration;

use reqwest::Client;
use tokio::{
    sync::{mpsc, watch},
    task::JoinHandle,
};

use crate::{
    clock::Clock,
    https::{self, ClientError, Roots, Schemes},
};
use dropped_spans::DroppedSpans;
use export::Exporter;
pub use settings::TraceSettings;
pub use spans::SpanLayer;

mod document;
mod export;
mod dropped_spans;
mod settings;
mod spans;

#[cfg(test)]
mod tests;

/// The most spans that wait for their batch.
const MAX_QUEUED_SPANS: usize = 2048;
/// Time for one answer of the collector, its body included.
const RESPONSE_TIMEOUT: Duration = Duration::from_secs(5);

/// The task that sends spans.
#[derive(Debug)]
pub struct Export {
    stop: watch::Sender<bool>,
    task: JoinHandle<()>,
    dropped_spans: DroppedSpans,
}

impl Export {
    /// Sends the remaining spans, for at most two seconds, and logs how many are lost.
    pub async fn finish(self) {
        self.stop.send_replace(true);
        // A task that panicked has nothing left to send.
        let _ended = self.task.await;
        self.dropped_spans.report();
    }
}

/// A tracing layer that makes spans of invocations, and the background task that sends them to this collector. Needs a
/// runtime.
///
/// # Errors
/// When there can be no HTTP client.
pub fn export(settings: TraceSettings, clock: Clock) -> Result<(SpanLayer, Export), ClientError> {
    let schemes =
        if settings.endpoint.scheme() == "http" { Schemes::HttpsAndHttp } else { Schemes::HttpsOnly };
    Ok(start_export(https::client(Roots::Public, schemes, RESPONSE_TIMEOUT)?, settings, clock))
}

fn start_export(client: Client, settings: TraceSettings, clock: Clock) -> (SpanLayer, Export) {
    let (dropped_spans, (sender, queue)) = (DroppedSpans::default(), mpsc::channel(MAX_QUEUED_SPANS));
    let (stop, stopped) = watch::channel(false);
    tokio::spawn(dropped_spans.clone().report_periodically());
    let exporter = Exporter::new(client, settings, queue, dropped_spans.clone());
    let task = tokio::spawn(exporter.run(stopped));
    (SpanLayer::new(clock, sender, dropped_spans.clone()), Export { stop, task, dropped_spans })
}
