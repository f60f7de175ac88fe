//! Events and the spans around them become log lines.

use azure_functions_handler::{PARENT_SPAN_ID, SPAN_ID};
use serde_json::Value;
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
    line::line,
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
        let mut all = Fields::default();
        for span in context.event_scope(event).into_iter().flat_map(Scope::from_root) {
            if let Some(fields) = span.extensions().get::<Fields>() {
                fields.0.iter().for_each(|(name, value)| all.insert(name, value.clone()));
            }
        }
        // A span's field `message` is not the event's message; and a line names the trace once.
        for hidden in [MESSAGE, SPAN_ID, PARENT_SPAN_ID] {
            all.remove(hidden);
        }
        event.record(&mut all);
        let source = event.metadata().target();
        if !is_ours(source) {
            // A library's own field of this name is none of our words.
            all.insert("event", LIBRARY.into());
            all.insert("library", source.into());
        }
        let message = match all.remove(MESSAGE) {
            Some(Value::String(message)) => message,
            Some(other) => other.to_string(),
            None => String::new(),
        };
        let is_audit = all.get("event").and_then(Value::as_str).is_some_and(is_audit);
        let importance = if is_audit { Importance::Audit } else { Importance::Ordinary };
        let level = *event.metadata().level();
        (self.output)(level, importance, &line(self.clock.now(), level, &message, &all.0));
    }
}

const MESSAGE: &str = "message";
