//! The spans that wait for the collector.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use opentelemetry_sdk::trace::{
    BatchConfigBuilder, BatchSpanProcessor, SpanData, SpanExporter, SpanProcessor,
};

use super::{batch_exporter::BatchExporter, dropped::Dropped, resource::resource, settings::BatchSettings};

/// A bounded queue before the SDK's batch processor. The processor has a bound too, but keeps the number of spans that
/// it dropped to itself.
#[derive(Debug)]
pub(super) struct SpanQueue {
    processor: BatchSpanProcessor,
    /// Spans that are neither taken nor dropped, those in the request under way included.
    waiting: Arc<AtomicUsize>,
    max_queued: usize,
    dropped: Dropped,
}

impl SpanQueue {
    pub(super) fn new(
        exporter: impl SpanExporter + 'static,
        batch: BatchSettings,
        attributes: &[(String, String)],
        dropped: Dropped,
    ) -> Self {
        let waiting = Arc::<AtomicUsize>::default();
        let exporter = BatchExporter::new(exporter, Arc::clone(&waiting), dropped.clone());
        let config = BatchConfigBuilder::default()
            .with_scheduled_delay(batch.delay)
            .with_max_queue_size(batch.max_queued)
            .with_max_export_batch_size(batch.max_batch)
            .build();
        let mut processor = BatchSpanProcessor::builder(exporter).with_batch_config(config).build();
        processor.set_resource(&resource(attributes));
        Self { processor, waiting, max_queued: batch.max_queued, dropped }
    }

    /// Adds a span, or counts it as dropped; never waits.
    pub(super) fn push(&self, span: SpanData) {
        let room = |waiting| (waiting < self.max_queued).then_some(waiting + 1);
        match self.waiting.fetch_update(Ordering::AcqRel, Ordering::Acquire, room) {
            Ok(_) => self.processor.on_end(span),
            Err(_) => self.dropped.add(1),
        }
    }

    /// Blocks until the remaining spans are sent, for at most this long, and counts those that are not.
    pub(super) fn close(&self, timeout: Duration) {
        // Whether it ended in time is told by what still waits.
        let _ended = self.processor.shutdown_with_timeout(timeout);
        self.dropped.add(self.waiting.swap(self.max_queued, Ordering::AcqRel));
    }
}
