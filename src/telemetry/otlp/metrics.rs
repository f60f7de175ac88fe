//! The metrics of the process, collected and sent once a minute by the SDK.

use std::time::Duration;

use opentelemetry::{InstrumentationScope, metrics::MeterProvider as _};
use opentelemetry_otlp::MetricExporter;
use opentelemetry_sdk::{
    error::OTelSdkResult,
    metrics::{
        PeriodicReader, SdkMeterProvider, Temporality, data::ResourceMetrics, exporter::PushMetricExporter,
    },
};

use super::{
    dropped::Dropped,
    exporter::metric_exporter,
    instruments::Instruments,
    resource::resource,
    settings::{FunctionAttributes, MetricSettings, MetricTemporality},
    start_error::StartExportError,
    transport::Transport,
};

/// What collects the metrics and sends them.
#[derive(Debug)]
pub(super) struct MetricExport {
    provider: SdkMeterProvider,
    pub(super) dropped: Dropped,
}

impl MetricExport {
    pub(super) fn start(
        settings: &MetricSettings,
        attributes: &[(String, String)],
        transport: Transport,
        dropped: Dropped,
    ) -> Result<Self, StartExportError> {
        let temporality = match settings.temporality {
            MetricTemporality::Cumulative => Temporality::Cumulative,
            MetricTemporality::Delta => Temporality::Delta,
            MetricTemporality::LowMemory => Temporality::LowMemory,
        };
        let exporter = metric_exporter(&settings.collector, temporality, transport)?;
        let exporter = CountingExporter { exporter, dropped: dropped.clone() };
        let reader = PeriodicReader::builder(exporter).with_interval(settings.interval).build();
        let provider =
            SdkMeterProvider::builder().with_reader(reader).with_resource(resource(attributes)).build();
        Ok(Self { provider, dropped })
    }

    pub(super) fn instruments(&self, functions: &FunctionAttributes) -> Instruments {
        let scope = InstrumentationScope::builder(env!("CARGO_PKG_NAME"))
            .with_version(env!("CARGO_PKG_VERSION"))
            .build();
        Instruments::new(&self.provider.meter_with_scope(scope), functions)
    }

    /// Blocks until the last values are sent, for at most this long.
    pub(super) fn close(&self, timeout: Duration) {
        // An export that failed is counted by the exporter.
        let _ended = self.provider.shutdown_with_timeout(timeout);
    }
}

/// The SDK's exporter, with a count of the exports that the collector did not take.
struct CountingExporter {
    exporter: MetricExporter,
    dropped: Dropped,
}

impl PushMetricExporter for CountingExporter {
    async fn export(&self, metrics: &ResourceMetrics) -> OTelSdkResult {
        let result = self.exporter.export(metrics).await;
        if result.is_err() {
            self.dropped.set_error_if_none("the collector did not take the metrics");
            self.dropped.add(1);
        }
        result
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.exporter.force_flush()
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.exporter.shutdown_with_timeout(timeout)
    }

    fn temporality(&self) -> Temporality {
        self.exporter.temporality()
    }
}
