//! Sends spans in batches, one after the other.

use std::time::Duration;

use reqwest::{Client, StatusCode, header::RETRY_AFTER};
use serde::Deserialize;
use serde_json::Value;
use tokio::{
    sync::{mpsc, watch},
    time::timeout,
};

use super::{document::document, dropped_spans::DroppedSpans, settings::TraceSettings, spans::Span};
use crate::{https, telemetry::chain};

/// The most spans of one request.
const MAX_BATCH_SPANS: usize = 512;
/// How long a batch waits for more.
const BATCH_DELAY: Duration = Duration::from_secs(1);
/// How long a batch waits that was not taken: at first, and at last. A collector that becomes available again gets the
/// batch within ten seconds.
const BACKOFF: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(4));
/// The longest pause that the collector is given when it asks for one.
const MAX_RETRY_AFTER: Duration = Duration::from_secs(30);
/// How long sending the remaining spans may take when the process ends.
const SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(2);
/// The longest answer that is read, in bytes.
const MAX_RESPONSE_BYTES: usize = 64 * 1024;

/// Takes spans from the queue and sends them.
pub(super) struct Exporter {
    client: Client,
    settings: TraceSettings,
    queue: mpsc::Receiver<Span>,
    dropped_spans: DroppedSpans,
}

/// A batch did not reach the collector. Contains neither the collector's address nor a header, and quotes nothing from
/// its answer.
#[derive(Debug, thiserror::Error)]
enum ExportError {
    #[error("the collector does not answer")]
    Unavailable(#[source] reqwest::Error),
    /// The collector may accept the batch later.
    #[error("the collector answers with status {0}")]
    Retryable(StatusCode, Option<Duration>),
    #[error(
        "the collector refuses with status {0}: check OTEL_EXPORTER_OTLP_ENDPOINT, OTEL_EXPORTER_OTLP_HEADERS and \
         that it takes JSON"
    )]
    Rejected(StatusCode),
    /// All but this many spans were accepted.
    #[error("the collector took a batch only in part: look at its log")]
    PartialSuccess(usize),
}

/// The collector's answer to an accepted batch, in either spelling of a 64-bit number.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct ExportResponse {
    partial_success: PartialSuccess,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct PartialSuccess {
    rejected_spans: Value,
}

impl Exporter {
    pub(super) fn new(
        client: Client,
        settings: TraceSettings,
        queue: mpsc::Receiver<Span>,
        dropped_spans: DroppedSpans,
    ) -> Self {
        Self { client, settings, queue, dropped_spans }
    }

    /// Sends until it is stopped, then sends the remaining spans, for a while.
    pub(super) async fn run(mut self, mut stop: watch::Receiver<bool>) {
        let (mut batch, mut pause) = (Vec::with_capacity(MAX_BATCH_SPANS), BACKOFF.0);
        loop {
            // A request that is broken off here is sent again below: the collector knows spans by their ids.
            tokio::select! {
                biased;
                _ = stop.wait_for(|stop| *stop) => break,
                () = self.export_batch(&mut batch, &mut pause) => {}
            }
        }
        self.queue.close();
        let rest = async {
            while !batch.is_empty() || self.queue.recv_many(&mut batch, MAX_BATCH_SPANS).await > 0 {
                self.send(&mut batch).await?;
            }
            Ok::<_, Option<Duration>>(())
        };
        if !matches!(timeout(SHUTDOWN_TIMEOUT, rest).await, Ok(Ok(()))) {
            self.dropped_spans.add(batch.len() + self.queue.len());
        }
    }

    /// Gathers a batch, sends it, and waits if it was not taken.
    async fn export_batch(&mut self, batch: &mut Vec<Span>, pause: &mut Duration) {
        self.gather(batch).await;
        match self.send(batch).await {
            Ok(()) => *pause = BACKOFF.0,
            Err(retry_after) => {
                tokio::time::sleep(
                    retry_after.map_or(*pause, |retry_after| retry_after.clamp(BACKOFF.0, MAX_RETRY_AFTER)),
                )
                .await;
                *pause = (*pause * 2).min(BACKOFF.1);
            }
        }
    }

    /// Waits for a first span, and a little for more. What was gathered stays when the wait is dropped.
    async fn gather(&mut self, batch: &mut Vec<Span>) {
        if batch.is_empty() {
            self.queue.recv_many(batch, MAX_BATCH_SPANS).await;
        }
        let more = async {
            while batch.len() < MAX_BATCH_SPANS {
                let room = MAX_BATCH_SPANS - batch.len();
                if self.queue.recv_many(batch, room).await == 0 {
                    return;
                }
            }
        };
        let _lingered = timeout(BATCH_DELAY, more).await;
    }

    /// Empties the batch, unless the collector may accept it later; then returns how long it asks to wait.
    async fn send(&self, batch: &mut Vec<Span>) -> Result<(), Option<Duration>> {
        let lost = match self.post(batch).await {
            Ok(()) => 0,
            Err(error) => {
                self.dropped_spans.set_error(chain(&error));
                match error {
                    ExportError::Unavailable(_) => return Err(None),
                    ExportError::Retryable(_, retry_after) => return Err(retry_after),
                    ExportError::Rejected(_) => batch.len(),
                    ExportError::PartialSuccess(rejected) => rejected.min(batch.len()),
                }
            }
        };
        self.dropped_spans.add(lost);
        batch.clear();
        Ok(())
    }

    async fn post(&self, batch: &[Span]) -> Result<(), ExportError> {
        let request = self.client.post(self.settings.endpoint.clone()).headers(self.settings.headers.clone());
        let request = request.json(&document(&self.settings.service, batch));
        let answer = request.send().await.map_err(|error| ExportError::Unavailable(error.without_url()))?;
        let status = answer.status();
        if !status.is_success() {
            let retry_after =
                answer.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok()?.parse().ok());
            // The statuses after which the specification lets a client try again.
            return Err(match status.as_u16() {
                429 | 502 | 503 | 504 => ExportError::Retryable(status, retry_after.map(Duration::from_secs)),
                _ => ExportError::Rejected(status),
            });
        }
        // An answer that cannot be parsed does not mean that spans were rejected.
        let body = https::read_body(answer, MAX_RESPONSE_BYTES).await.unwrap_or_default();
        let taken: ExportResponse = serde_json::from_slice(&body).unwrap_or_default();
        let rejected = match taken.partial_success.rejected_spans {
            Value::String(number) => number.parse().unwrap_or_default(),
            number => number.as_u64().unwrap_or_default(),
        };
        if rejected == 0 {
            return Ok(());
        }
        Err(ExportError::PartialSuccess(usize::try_from(rejected).unwrap_or(usize::MAX)))
    }
}
