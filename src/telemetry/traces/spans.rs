//! Invocations become spans when they end.

use std::time::Instant;

use azure_functions_handler::{PARENT_SPAN_ID, SPAN_ID, event::INVOCATION_ENDED};
use chrono::{DateTime, TimeDelta, Utc};
use tokio::sync::mpsc;
use tracing::{
    Event, Subscriber,
    span::{Attributes, Id, Record},
};
use tracing_subscriber::{Layer, layer::Context, registry::LookupSpan};

use super::dropped_spans::DroppedSpans;
use crate::{clock::Clock, telemetry::fields::Fields};

/// Makes a span of each invocation that ends, and leaves it in the queue; never waits.
#[derive(Debug)]
pub struct SpanLayer {
    clock: Clock,
    queue: mpsc::Sender<Span>,
    dropped_spans: DroppedSpans,
}

/// An invocation that ended.
#[derive(Debug)]
pub(super) struct Span {
    pub(super) trace: String,
    pub(super) id: String,
    pub(super) parent: Option<String>,
    pub(super) function: String,
    pub(super) trigger: String,
    pub(super) began: DateTime<Utc>,
    pub(super) ended: DateTime<Utc>,
    pub(super) invocation: String,
    pub(super) outcome: String,
    /// What the caller saw of an HTTP function.
    pub(super) status: Option<u64>,
}

/// An invocation under way.
struct OngoingInvocation {
    at: DateTime<Utc>,
    moment: Instant,
    fields: Fields,
}

impl SpanLayer {
    pub(super) fn new(clock: Clock, queue: mpsc::Sender<Span>, dropped_spans: DroppedSpans) -> Self {
        Self { clock, queue, dropped_spans }
    }

    /// None where the invocation has no span id.
    fn span(&self, ongoing: &OngoingInvocation, ending: &Fields) -> Option<Span> {
        // What time passed is not read from a clock that somebody may set meanwhile.
        let passed = self.clock.instant().saturating_duration_since(ongoing.moment);
        let known = |name: &str| ongoing.fields.get(name);
        let trigger: String = ending.get("trigger")?;
        Some(Span {
            trace: known("trace_id")?,
            id: known(SPAN_ID)?,
            parent: known(PARENT_SPAN_ID),
            function: known("function")?,
            began: ongoing.at,
            ended: ongoing.at + TimeDelta::from_std(passed).unwrap_or_default(),
            invocation: known("invocation_id")?,
            outcome: ending.get("outcome")?,
            status: ending.get("status").filter(|_| trigger == "http"),
            trigger,
        })
    }
}

impl<S: Subscriber + for<'s> LookupSpan<'s>> Layer<S> for SpanLayer {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        if let Some(span) = context.span(id) {
            let mut fields = Fields::default();
            attributes.record(&mut fields);
            let (at, moment) = (self.clock.now(), self.clock.instant());
            span.extensions_mut().insert(OngoingInvocation { at, moment, fields });
        }
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        if let Some(span) = context.span(id)
            && let Some(ongoing) = span.extensions_mut().get_mut::<OngoingInvocation>()
        {
            values.record(&mut ongoing.fields);
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let mut ending = Fields::default();
        event.record(&mut ending);
        if ending.plain_text("event") != Some(INVOCATION_ENDED) {
            return;
        }
        let Some(invocation) = context.event_span(event) else { return };
        let extensions = invocation.extensions();
        let span = extensions.get::<OngoingInvocation>().and_then(|ongoing| self.span(ongoing, &ending));
        if span.is_some_and(|span| self.queue.try_send(span).is_err()) {
            self.dropped_spans.add(1);
        }
    }
}
