//! Where spans are sent.

use reqwest::{Url, header::HeaderMap};

/// The collector of spans.
#[derive(Clone, Debug)]
pub struct TraceSettings {
    /// `{OTEL_EXPORTER_OTLP_ENDPOINT}/v1/traces`; `https`, or `http` on this machine.
    pub endpoint: Url,
    /// `OTEL_EXPORTER_OTLP_HEADERS`: each value is marked as sensitive.
    pub headers: HeaderMap,
    /// `OTEL_SERVICE_NAME`: whose spans they are.
    pub service: String,
}
