//! Events and the spans around them become log lines.

use std::cell::Cell;

use azure_functions_handler::{PARENT_SPAN_ID, SPAN_ID};
use tracing::{
    Event, Level, Subscriber,
    span::{Attributes, Id, Record},
};
use tracing_subscriber::{
    Layer,
    layer::Context,
    registry::{LookupSpan, Scope},
};

use super::{
    event::{LIBRARY, is_audit},
    fields::Fields,
    filter::is_ours,
    importance::Importance,
    line::{MESSAGE, write_line},
};
use crate::clock::Clock;

/// A tracing layer that formats each event as a JSON line and gives it to `output`.
pub(super) struct JsonLayer<F> {
    clock: Clock,
    output: F,
}

impl<F> JsonLayer<F> {
    pub(super) fn new(clock: Clock, output: F) -> Self {
        Self { clock, output }
    }
}

impl<S, F> Layer<S> for JsonLayer<F>
where
    S: Subscriber + for<'s> LookupSpan<'s>,
    F: Fn(Level, Importance, &[u8]) + 'static,
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
        // Taken, so that an event within the formatting of another one finds an empty buffer.
        let mut buffer = BUFFER.take();
        let Buffer { fields, line } = &mut buffer;
        for span in context.event_scope(event).into_iter().flat_map(Scope::from_root) {
            if let Some(of_span) = span.extensions().get::<Fields>() {
                fields.extend(of_span);
            }
        }
        // A span's field `message` is not the event's message; and a line names the trace once.
        for hidden in [MESSAGE, SPAN_ID, PARENT_SPAN_ID] {
            fields.remove(hidden);
        }
        event.record(fields);
        let source = event.metadata().target();
        if !is_ours(source) {
            // A library's own field of this name is none of our words.
            fields.insert("event", LIBRARY);
            fields.insert("library", source);
        }
        let is_audit = fields.plain_text("event").is_some_and(is_audit);
        let importance = if is_audit { Importance::Audit } else { Importance::Ordinary };
        let level = *event.metadata().level();
        write_line(line, self.clock.now(), level, fields);
        (self.output)(level, importance, line);
        if line.capacity() <= MAX_KEPT_BYTES {
            fields.clear();
            line.clear();
            BUFFER.set(buffer);
        }
    }
}

/// A buffer that had a longer line is not kept.
const MAX_KEPT_BYTES: usize = 8 << 10;

thread_local! {
    /// The memory of this thread's lines, used again for each.
    static BUFFER: Cell<Buffer> = Cell::default();
}

#[derive(Default)]
struct Buffer {
    fields: Fields,
    line: Vec<u8>,
}
