//! Events and the spans around them become log lines.

use std::io::Write;

use serde_json::Value;
use tracing::{
    Event, Subscriber,
    span::{Attributes, Id, Record},
};
use tracing_subscriber::{
    Layer,
    fmt::MakeWriter,
    layer::Context,
    registry::{LookupSpan, Scope},
};

use super::{event::LIBRARY, fields::Fields, line::line};
use crate::{
    clock::Clock,
    host::{PARENT_SPAN_ID, SPAN_ID},
};

/// Writes each event as one line.
pub(super) struct Lines<W> {
    clock: Clock,
    output: W,
}

impl<W> Lines<W> {
    pub(super) fn new(clock: Clock, output: W) -> Self {
        Self { clock, output }
    }
}

impl<S, W> Layer<S> for Lines<W>
where
    S: Subscriber + for<'s> LookupSpan<'s>,
    W: for<'w> MakeWriter<'w> + 'static,
{
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        if let Some(span) = context.span(id) {
            let mut fields = Fields::default();
            attributes.record(&mut fields);
            span.extensions_mut().insert(fields);
        }
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        if let Some(span) = context.span(id)
            && let Some(fields) = span.extensions_mut().get_mut::<Fields>()
        {
            values.record(fields);
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let mut all = Fields::default();
        for span in context.event_scope(event).into_iter().flat_map(Scope::from_root) {
            if let Some(fields) = span.extensions().get::<Fields>() {
                fields.0.iter().for_each(|(name, value)| all.put(name, value.clone()));
            }
        }
        // A span's field of this name is no message of the event; and a line tells the trace alone.
        for unwritten in [MESSAGE, SPAN_ID, PARENT_SPAN_ID] {
            all.take(unwritten);
        }
        event.record(&mut all);
        let source = event.metadata().target();
        if !source.starts_with("orders_worker") {
            // A library's own field of this name is none of our words.
            all.put("event", LIBRARY.into());
            all.put("library", source.into());
        }
        let message = match all.take(MESSAGE) {
            Some(Value::String(message)) => message,
            Some(other) => other.to_string(),
            None => String::new(),
        };
        let line = line(self.clock.now(), *event.metadata().level(), &message, &all.0);
        // Nobody is left to tell when the log itself cannot be written; the work goes on.
        let _unwritten = self.output.make_writer_for(event.metadata()).write_all(&line);
    }
}

const MESSAGE: &str = "message";
