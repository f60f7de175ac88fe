//! The SDK's exporters, which encode.

use opentelemetry_otlp::{MetricExporter, RetryPolicy, SpanExporter, WithExportConfig, WithHttpConfig};
use opentelemetry_sdk::metrics::Temporality;

use super::{
    settings::{Collector, Compression, Protocol},
    start_error::StartExportError,
    transport::Transport,
};

/// The exporter of spans.
pub(super) fn span_exporter(
    collector: &Collector,
    transport: Transport,
) -> Result<SpanExporter, StartExportError> {
    Ok(over_http(SpanExporter::builder().with_http(), collector, transport).build()?)
}

/// The exporter of metrics.
pub(super) fn metric_exporter(
    collector: &Collector,
    temporality: Temporality,
    transport: Transport,
) -> Result<MetricExporter, StartExportError> {
    let builder = MetricExporter::builder().with_temporality(temporality);
    Ok(over_http(builder.with_http(), collector, transport).build()?)
}

/// An exporter that sends by this transport. Every setting is ours, so that it reads none from the environment.
fn over_http<B: WithExportConfig + WithHttpConfig>(
    builder: B,
    collector: &Collector,
    transport: Transport,
) -> B {
    let builder = builder
        .with_http_client(transport)
        .with_endpoint(collector.endpoint.as_str())
        .with_protocol(match collector.protocol {
            Protocol::HttpProtobuf => opentelemetry_otlp::Protocol::HttpBinary,
            Protocol::HttpJson => opentelemetry_otlp::Protocol::HttpJson,
            // The messages are the same; the transport makes a call of them.
            #[cfg(feature = "otlp-grpc")]
            Protocol::Grpc => opentelemetry_otlp::Protocol::HttpBinary,
        })
        .with_timeout(collector.timeout)
        // The SDK's retry cannot be broken off when the process ends, and gives up what the collector may yet take.
        .with_retry_policy(RetryPolicy::disabled());
    match collector.compression {
        Compression::None => builder,
        Compression::Gzip => builder.with_compression(opentelemetry_otlp::Compression::Gzip),
    }
}
