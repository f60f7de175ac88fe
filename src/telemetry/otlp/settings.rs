//! Where spans and metrics are sent, and how.

use std::{path::PathBuf, time::Duration};

use reqwest::{Url, header::HeaderMap};

/// What is known of each function before it is invoked: names and values of attributes of its spans.
pub type FunctionAttributes = Vec<(&'static str, Vec<(&'static str, String)>)>;

/// What is exported. `docs/tracing.md` lists the settings.
#[derive(Clone, Debug)]
pub struct OtlpSettings {
    /// What they are of: pairs of a name and a value, `service.name` among them.
    pub resource: Vec<(String, String)>,
    /// Spans; none where none are exported.
    pub traces: Option<TraceSettings>,
    /// Metrics; none where none are exported.
    pub metrics: Option<MetricSettings>,
}

/// Which spans are exported, and where to.
#[derive(Clone, Debug)]
pub struct TraceSettings {
    /// Who takes them.
    pub collector: Collector,
    /// Which spans are exported.
    pub sampler: SamplerSettings,
    /// How they are gathered.
    pub batch: BatchSettings,
}

/// Which spans are exported: `OTEL_TRACES_SAMPLER` and its argument.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SamplerSettings {
    /// Whether a span below one that is not exported is not exported either.
    pub is_parent_based: bool,
    /// The share of the other traces that are exported, from 0 to 1.
    pub ratio: f64,
}

/// Which metrics are exported, and where to.
#[derive(Clone, Debug)]
pub struct MetricSettings {
    /// Who takes them.
    pub collector: Collector,
    /// The time between two exports.
    pub interval: Duration,
    /// How long one export is offered to the collector.
    pub export_timeout: Duration,
    /// What values are counted from.
    pub temporality: MetricTemporality,
}

/// What the values of counters are counted from.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum MetricTemporality {
    /// The start of the process.
    Cumulative,
    /// The export before, but for values that go up and down.
    Delta,
    /// As `Delta` for what is counted as it happens, else as `Cumulative`.
    LowMemory,
}

/// A collector of one signal.
#[derive(Clone, Debug)]
pub struct Collector {
    /// `https`, or `http` on this machine, with its whole path: that of the signal over HTTP, that of the method over gRPC.
    pub endpoint: Url,
    /// Sent with every request; each value is marked as sensitive.
    pub headers: HeaderMap,
    /// How requests are encoded.
    pub protocol: Protocol,
    /// How bodies are compressed.
    pub compression: Compression,
    /// Time for one answer, its body included.
    pub timeout: Duration,
    /// The only authorities that its certificate is trusted with. Without it, the public authorities.
    pub certificate: Option<PemFile>,
    /// The certificate that it is shown; none where it demands none.
    pub identity: Option<IdentityFiles>,
}

/// A PEM file, which is read once.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct PemFile {
    /// The setting that names the file.
    pub setting: &'static str,
    /// The file.
    pub path: PathBuf,
}

/// A client certificate.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct IdentityFiles {
    /// The certificate first, then those that signed it.
    pub certificate: PemFile,
    /// Its private key.
    pub key: PemFile,
}

/// An encoding of OTLP.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Protocol {
    /// `http/protobuf`.
    HttpProtobuf,
    /// `http/json`.
    HttpJson,
    /// `grpc`.
    #[cfg(feature = "otlp-grpc")]
    Grpc,
}

/// How a body is compressed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Compression {
    /// It is not.
    None,
    /// `gzip`.
    Gzip,
}

/// How spans are gathered into batches.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct BatchSettings {
    /// How long a batch waits for more.
    pub delay: Duration,
    /// The most spans that wait, those that are being sent included.
    pub max_queued: usize,
    /// The most spans of one request.
    pub max_batch: usize,
    /// How long one batch is offered to the collector. Without it, until the collector takes it.
    pub export_timeout: Option<Duration>,
}

impl Default for BatchSettings {
    fn default() -> Self {
        Self { delay: Duration::from_secs(5), max_queued: 2048, max_batch: 512, export_timeout: None }
    }
}
