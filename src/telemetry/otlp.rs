//! Spans and metrics, sent to a collector by OpenTelemetry's SDK.
//!
//! A span that ended is left in a bounded queue, and the invocation continues. The SDK's batch processor takes the spans
//! from there on a thread of its own, and `transport` sends each batch on the runtime. While the collector is
//! unavailable or slow, one batch waits, the queue fills, and what finds no room is counted and dropped.

use std::{sync::Arc, time::Duration};

use azure_functions_handler::SpanSampler;
use tokio::{runtime::Handle, sync::watch, task::spawn_blocking};

use crate::clock::Clock;
use dropped::{Dropped, Signal};
pub use layer::TelemetryLayer;
pub(super) use layer::is_of_interest;
use metrics::MetricExport;
pub use settings::{
    BatchSettings, Collector, Compression, FunctionAttributes, IdentityFiles, MetricSettings,
    MetricTemporality, OtlpSettings, PemFile, Protocol, SamplerSettings, TraceSettings,
};
use span_queue::SpanQueue;
use spans::Spans;
pub use start_error::StartExportError;
use transport::Transport;

mod batch_exporter;
mod client;
mod dropped;
mod export_error;
mod exporter;
mod instruments;
mod invocation;
mod layer;
mod metrics;
mod partial_success;
mod resource;
mod sampler;
mod settings;
mod span_queue;
mod spans;
mod start_error;
mod statement;
mod transport;

#[cfg(test)]
mod tests;

/// How long sending the rest may take when the process ends.
const SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(2);

/// What sends spans and metrics.
#[derive(Debug)]
pub struct Export {
    stop: watch::Sender<bool>,
    traces: Option<TraceExport>,
    metrics: Option<Arc<MetricExport>>,
}

/// What sends spans.
#[derive(Debug)]
struct TraceExport {
    queue: Arc<SpanQueue>,
    sampler: SpanSampler,
    dropped: Dropped,
}

impl Export {
    /// Decides which spans are exported; none where no spans are.
    #[must_use]
    pub fn sampler(&self) -> Option<SpanSampler> {
        self.traces.as_ref().map(|traces| traces.sampler.clone())
    }

    /// Sends the rest, for at most two seconds, and logs how much is lost.
    pub async fn finish(self) {
        self.close().await;
        if let Some(traces) = &self.traces {
            traces.dropped.report();
        }
        if let Some(metrics) = &self.metrics {
            metrics.dropped.report();
        }
    }

    /// The SDK blocks its caller. What panicked has nothing left to send.
    async fn close(&self) {
        self.stop.send_replace(true);
        let spans = async {
            if let Some(TraceExport { queue, .. }) = &self.traces {
                let queue = Arc::clone(queue);
                let _ended = spawn_blocking(move || queue.close(SHUTDOWN_TIMEOUT)).await;
            }
        };
        let metrics = async {
            if let Some(metrics) = &self.metrics {
                let metrics = Arc::clone(metrics);
                let _ended = spawn_blocking(move || metrics.close(SHUTDOWN_TIMEOUT)).await;
            }
        };
        tokio::join!(spans, metrics);
    }
}

/// A tracing layer that makes spans and metrics of invocations, statements and calls, and what sends them to the
/// collector. Needs a runtime. `database` is its `db.system.name`.
///
/// # Errors
/// When a file of a certificate or key cannot be read, there can be no HTTP client, or the SDK refuses a setting.
pub fn export(
    settings: &OtlpSettings,
    functions: &FunctionAttributes,
    database: &'static str,
    clock: Clock,
) -> Result<(TelemetryLayer, Export), StartExportError> {
    let (stop, stopped) = watch::channel(false);
    let traces = settings.traces.as_ref();
    let traces = traces.map(|traces| start_traces(traces, &settings.resource, &stopped)).transpose()?;
    let metrics = settings.metrics.as_ref();
    let metrics = metrics.map(|metrics| start_metrics(metrics, &settings.resource, &stopped)).transpose()?;
    let spans = traces.as_ref().map(|traces| Spans::new(Arc::clone(&traces.queue), functions, database));
    let instruments = metrics.as_ref().map(|metrics| metrics.instruments(functions));
    let layer = TelemetryLayer::new(clock, spans, instruments);
    Ok((layer, Export { stop, traces, metrics: metrics.map(Arc::new) }))
}

fn start_traces(
    settings: &TraceSettings,
    resource: &[(String, String)],
    stopped: &watch::Receiver<bool>,
) -> Result<TraceExport, StartExportError> {
    let TraceSettings { collector, sampler, batch } = settings;
    let dropped = Dropped::new(Signal::Spans);
    let transport = transport(collector, batch.export_timeout, stopped, &dropped)?;
    let exporter = exporter::span_exporter(collector, transport)?;
    let queue = Arc::new(SpanQueue::new(exporter, *batch, resource, dropped.clone()));
    Ok(TraceExport { queue, sampler: sampler::sampler(*sampler), dropped })
}

fn start_metrics(
    settings: &MetricSettings,
    resource: &[(String, String)],
    stopped: &watch::Receiver<bool>,
) -> Result<MetricExport, StartExportError> {
    let dropped = Dropped::new(Signal::Metrics);
    let transport = transport(&settings.collector, Some(settings.export_timeout), stopped, &dropped)?;
    MetricExport::start(settings, resource, transport, dropped)
}

/// The way to a collector, and a task that reports what did not arrive.
fn transport(
    collector: &Collector,
    limit: Option<Duration>,
    stopped: &watch::Receiver<bool>,
    dropped: &Dropped,
) -> Result<Transport, StartExportError> {
    tokio::spawn(dropped.clone().report_periodically());
    Ok(Transport {
        client: client::http_client(collector)?,
        runtime: Handle::current(),
        protocol: collector.protocol,
        headers: collector.headers.clone(),
        limit,
        stopped: stopped.clone(),
        dropped: dropped.clone(),
    })
}
