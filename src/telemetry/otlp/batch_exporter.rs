//! The SDK's exporter, with a count of what it loses.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use opentelemetry_sdk::{
    Resource,
    error::OTelSdkResult,
    trace::{SpanData, SpanExporter},
};

use super::dropped::Dropped;

/// Counts the spans of each batch that the collector did not take.
#[derive(Debug)]
pub(super) struct BatchExporter<E> {
    exporter: E,
    waiting: Arc<AtomicUsize>,
    dropped: Dropped,
}

impl<E> BatchExporter<E> {
    pub(super) fn new(exporter: E, waiting: Arc<AtomicUsize>, dropped: Dropped) -> Self {
        Self { exporter, waiting, dropped }
    }
}

impl<E: SpanExporter> SpanExporter for BatchExporter<E> {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        let spans = batch.len();
        let result = self.exporter.export(batch).await;
        if result.is_err() {
            self.dropped.set_error_if_none("the collector did not take a batch");
        }
        let rejected = self.dropped.take_rejected();
        self.dropped.add(if result.is_ok() { rejected.min(spans) } else { spans });
        self.waiting.fetch_sub(spans, Ordering::AcqRel);
        result
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.exporter.set_resource(resource);
    }
}
