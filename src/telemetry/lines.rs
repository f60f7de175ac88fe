//! Events and the spans around them become log lines.

use std::{error::Error, fmt, io::Write};

use serde_json::Value;
use tracing::{
    Event, Subscriber,
    field::{Field, Visit},
    span::{Attributes, Id, Record},
};
use tracing_subscriber::{
    Layer,
    fmt::MakeWriter,
    layer::Context,
    registry::{LookupSpan, Scope},
};

use super::{chain, event::LIBRARY, line::line};
use crate::clock::Clock;

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
        // A span's field of this name is no message of the event.
        all.take(MESSAGE);
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

/// Fields as JSON: numbers and truth values as such, all else as text; of two with one name, the later one. They are so
/// few that looking through them is the quickest way to find one.
#[derive(Default)]
struct Fields(Vec<(&'static str, Value)>);

impl Fields {
    fn put(&mut self, name: &'static str, value: Value) {
        match self.0.iter_mut().find(|(known, _)| *known == name) {
            Some((_, known)) => *known = value,
            None => self.0.push((name, value)),
        }
    }

    fn take(&mut self, name: &str) -> Option<Value> {
        let place = self.0.iter().position(|(known, _)| *known == name)?;
        Some(self.0.remove(place).1)
    }

    fn record(&mut self, field: &Field, value: impl Into<Value>) {
        let name = field.name();
        self.put(name.strip_prefix("r#").unwrap_or(name), value.into());
    }
}

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.record(field, format!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.record(field, value);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.record(field, value);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.record(field, value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.record(field, value);
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.record(field, value);
    }

    fn record_error(&mut self, field: &Field, value: &(dyn Error + 'static)) {
        self.record(field, chain(value));
    }
}
