//! A span of each invocation, sent to a collector: OTLP over HTTP, in its JSON encoding.
//!
//! An invocation leaves its span in a bounded queue and goes on; a task of its own sends what is there, in batches. While
//! the collector is away or slow, one batch waits, the queue fills, and what finds no room is counted and dropped.

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
use export::Exporter;
use losses::Losses;
pub use settings::TraceSettings;
pub use spans::Spans;

mod document;
mod export;
mod losses;
mod settings;
mod spans;

#[cfg(test)]
mod tests;

/// The most spans that wait for their batch.
const WAITING: usize = 2048;
/// Time for one answer of the collector, its body included.
const PATIENCE: Duration = Duration::from_secs(5);

/// The task that sends spans.
#[derive(Debug)]
pub struct Export {
    stop: watch::Sender<bool>,
    sending: JoinHandle<()>,
    losses: Losses,
}

impl Export {
    /// Sends what is left, for at most two seconds, and tells what is lost.
    pub async fn finish(self) {
        self.stop.send_replace(true);
        // A task that panicked has nothing left to send.
        let _ended = self.sending.await;
        self.losses.tell();
    }
}

/// What makes spans of invocations, and the task that sends them to this collector. Needs a runtime.
///
/// # Errors
/// When there can be no HTTP client.
pub fn export(settings: TraceSettings, clock: Clock) -> Result<(Spans, Export), ClientError> {
    let schemes =
        if settings.address.scheme() == "http" { Schemes::HttpsAndHttp } else { Schemes::HttpsOnly };
    Ok(through(https::client(Roots::Public, schemes, PATIENCE)?, settings, clock))
}

fn through(client: Client, settings: TraceSettings, clock: Clock) -> (Spans, Export) {
    let (losses, (sender, waiting)) = (Losses::default(), mpsc::channel(WAITING));
    let (stop, stopped) = watch::channel(false);
    tokio::spawn(losses.clone().keep_telling());
    let exporter = Exporter::new(client, settings, waiting, losses.clone());
    let sending = tokio::spawn(exporter.run(stopped));
    (Spans::new(clock, sender, losses.clone()), Export { stop, sending, losses })
}
