//! Sends spans in batches, one after the other.

use std::time::Duration;

use reqwest::{Client, StatusCode, header::RETRY_AFTER};
use serde::Deserialize;
use serde_json::Value;
use tokio::{
    sync::{mpsc, watch},
    time::timeout,
};

use super::{document::document, losses::Losses, settings::TraceSettings, spans::Span};
use crate::{https, telemetry::chain};

/// The most spans of one request.
const BATCH: usize = 512;
/// How long a batch waits for more.
const LINGER: Duration = Duration::from_secs(1);
/// How long a batch waits that was not taken: at first, and at last. A collector that comes back has it within ten
/// seconds.
const PAUSES: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(4));
/// The longest pause that the collector is given when it asks for one.
const ASKED: Duration = Duration::from_secs(30);
/// How long what is left may take when the process ends.
const LAST: Duration = Duration::from_secs(2);
/// The longest answer that is read, in bytes.
const LONGEST: usize = 64 * 1024;

/// Takes spans from the queue and sends them.
pub(super) struct Exporter {
    client: Client,
    settings: TraceSettings,
    waiting: mpsc::Receiver<Span>,
    losses: Losses,
}

/// A batch did not reach the collector. Names neither its address nor a header, and quotes nothing that it said.
#[derive(Debug, thiserror::Error)]
enum Unsent {
    #[error("the collector does not answer")]
    Away(#[source] reqwest::Error),
    /// It may take the batch later.
    #[error("the collector answers with status {0}")]
    Later(StatusCode, Option<Duration>),
    #[error(
        "the collector refuses with status {0}: check OTEL_EXPORTER_OTLP_ENDPOINT, OTEL_EXPORTER_OTLP_HEADERS and \
         that it takes JSON"
    )]
    Refused(StatusCode),
    /// All but so many spans.
    #[error("the collector took a batch only in part: look at its log")]
    InPart(usize),
}

/// What the collector says of a batch that it took, in either spelling of a 64-bit number.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Taken {
    partial_success: Partial,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Partial {
    rejected_spans: Value,
}

impl Exporter {
    pub(super) fn new(
        client: Client,
        settings: TraceSettings,
        waiting: mpsc::Receiver<Span>,
        losses: Losses,
    ) -> Self {
        Self { client, settings, waiting, losses }
    }

    /// Sends until told to stop, then sends what is left, for a while.
    pub(super) async fn run(mut self, mut stop: watch::Receiver<bool>) {
        let (mut batch, mut pause) = (Vec::with_capacity(BATCH), PAUSES.0);
        loop {
            // A request that is broken off here is sent again below: the collector knows spans by their ids.
            tokio::select! {
                biased;
                _ = stop.wait_for(|stop| *stop) => break,
                () = self.turn(&mut batch, &mut pause) => {}
            }
        }
        self.waiting.close();
        let rest = async {
            while !batch.is_empty() || self.waiting.recv_many(&mut batch, BATCH).await > 0 {
                self.send(&mut batch).await?;
            }
            Ok::<_, Option<Duration>>(())
        };
        if !matches!(timeout(LAST, rest).await, Ok(Ok(()))) {
            self.losses.dropped(batch.len() + self.waiting.len());
        }
    }

    /// Gathers a batch, sends it, and waits if it was not taken.
    async fn turn(&mut self, batch: &mut Vec<Span>, pause: &mut Duration) {
        self.gather(batch).await;
        match self.send(batch).await {
            Ok(()) => *pause = PAUSES.0,
            Err(asked) => {
                tokio::time::sleep(asked.map_or(*pause, |asked| asked.clamp(PAUSES.0, ASKED))).await;
                *pause = (*pause * 2).min(PAUSES.1);
            }
        }
    }

    /// Waits for a first span, and a little for more. What was gathered stays when the wait is dropped.
    async fn gather(&mut self, batch: &mut Vec<Span>) {
        if batch.is_empty() {
            self.waiting.recv_many(batch, BATCH).await;
        }
        let more = async {
            while batch.len() < BATCH {
                let room = BATCH - batch.len();
                if self.waiting.recv_many(batch, room).await == 0 {
                    return;
                }
            }
        };
        let _lingered = timeout(LINGER, more).await;
    }

    /// Empties the batch, unless the collector may take it later; then says how long it asks for.
    async fn send(&self, batch: &mut Vec<Span>) -> Result<(), Option<Duration>> {
        let lost = match self.post(batch).await {
            Ok(()) => 0,
            Err(unsent) => {
                self.losses.failed(chain(&unsent));
                match unsent {
                    Unsent::Away(_) => return Err(None),
                    Unsent::Later(_, asked) => return Err(asked),
                    Unsent::Refused(_) => batch.len(),
                    Unsent::InPart(rejected) => rejected.min(batch.len()),
                }
            }
        };
        self.losses.dropped(lost);
        batch.clear();
        Ok(())
    }

    async fn post(&self, batch: &[Span]) -> Result<(), Unsent> {
        let request = self.client.post(self.settings.address.clone()).headers(self.settings.headers.clone());
        let request = request.json(&document(&self.settings.service, batch));
        let answer = request.send().await.map_err(|error| Unsent::Away(error.without_url()))?;
        let status = answer.status();
        if !status.is_success() {
            let asked = answer.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok()?.parse().ok());
            // Those after which the specification lets a client try again.
            return Err(match status.as_u16() {
                429 | 502 | 503 | 504 => Unsent::Later(status, asked.map(Duration::from_secs)),
                _ => Unsent::Refused(status),
            });
        }
        // An answer that cannot be read says nothing of a refusal.
        let body = https::read_body(answer, LONGEST).await.unwrap_or_default();
        let taken: Taken = serde_json::from_slice(&body).unwrap_or_default();
        let rejected = match taken.partial_success.rejected_spans {
            Value::String(number) => number.parse().unwrap_or_default(),
            number => number.as_u64().unwrap_or_default(),
        };
        if rejected == 0 {
            return Ok(());
        }
        Err(Unsent::InPart(usize::try_from(rejected).unwrap_or(usize::MAX)))
    }
}
