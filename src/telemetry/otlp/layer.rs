//! Hears of invocations, statements and calls, and makes spans and metrics of them.

use azure_functions_handler::event::INVOCATION_ENDED;
use tracing::{
    Event, Metadata, Subscriber,
    span::{Attributes, Id, Record},
};
use tracing_subscriber::{Layer, layer::Context, registry::LookupSpan};

use super::{instruments::Instruments, invocation::OngoingInvocation, spans::Spans};
use crate::{
    clock::Clock,
    telemetry::{fields::Fields, filter::HANDLER},
};

/// The target of the events that sqlx logs of each statement, in the span of the invocation that it is of.
const STATEMENTS: &str = "sqlx::query";
/// The target of the worker's own events.
const EVENTS: &str = "orders_worker::telemetry::event";
/// The event of a call of another service.
const SERVICE_CALLED: &str = "service-called";

/// The event with the gauges of database and queues.
const METRICS: &str = "metrics";
/// The event that ends an invocation which was refused because too many run.
const REQUEST_REFUSED: &str = "request-refused";

/// Makes spans and metrics; never waits.
#[derive(Debug)]
pub struct TelemetryLayer {
    clock: Clock,
    spans: Option<Spans>,
    instruments: Option<Instruments>,
}

/// Whether the layer wants to hear of this.
pub(in crate::telemetry) fn is_of_interest(metadata: &Metadata<'_>) -> bool {
    let target = metadata.target();
    target.starts_with(HANDLER) || target == EVENTS || target == STATEMENTS
}

impl TelemetryLayer {
    pub(super) fn new(clock: Clock, spans: Option<Spans>, instruments: Option<Instruments>) -> Self {
        Self { clock, spans, instruments }
    }

    fn ended(&self, invocation: &OngoingInvocation, line: &Fields) {
        if let Some(spans) = &self.spans {
            spans.invocation(invocation, line, self.clock);
        }
        if let Some(instruments) = &self.instruments {
            instruments.invocation(invocation, line, self.clock);
        }
    }
}

impl<S: Subscriber + for<'s> LookupSpan<'s>> Layer<S> for TelemetryLayer {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        if let Some(span) = context.span(id) {
            let mut fields = Fields::default();
            attributes.record(&mut fields);
            let invocation = OngoingInvocation::new(fields, self.clock);
            if let Some(instruments) = &self.instruments {
                instruments.begin(&invocation);
            }
            span.extensions_mut().insert(invocation);
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
        let Some(span) = context.event_span(event) else { return };
        let extensions = span.extensions();
        let Some(invocation) = extensions.get::<OngoingInvocation>() else { return };
        let mut fields = Fields::default();
        event.record(&mut fields);
        if event.metadata().target() == STATEMENTS {
            if let Some(spans) = &self.spans {
                spans.statement(invocation, &fields, self.clock);
            }
            return;
        }
        match (fields.plain_text("event"), &self.spans, &self.instruments) {
            (Some(INVOCATION_ENDED), ..) => self.ended(invocation, &fields),
            (Some(REQUEST_REFUSED), _, Some(instruments)) => {
                instruments.invocation(invocation, &fields, self.clock);
            }
            (Some(SERVICE_CALLED), Some(spans), _) => spans.service_call(invocation, &fields, self.clock),
            (Some(METRICS), _, Some(instruments)) => instruments.gauges(&fields),
            _ => {}
        }
    }

    fn on_close(&self, id: Id, context: Context<'_, S>) {
        let Some(instruments) = &self.instruments else { return };
        if let Some(span) = context.span(&id)
            && let Some(invocation) = span.extensions().get::<OngoingInvocation>()
        {
            instruments.end(invocation);
        }
    }
}
