//! Warnings and errors on stderr, for an app that sets no subscriber of tracing.

use std::{
    cell::RefCell,
    collections::HashMap,
    fmt::{self, Write as _},
    sync::atomic::{AtomicU64, Ordering},
    sync::{Mutex, MutexGuard, PoisonError},
};

use tracing::{
    Event, Level, Metadata, Subscriber,
    field::{Field, Visit},
    span::{Attributes, Id, Record},
};

/// Begins to log, unless the app has a subscriber.
pub(crate) fn install_default_subscriber() {
    if !tracing::dispatcher::has_been_set() {
        drop(tracing::subscriber::set_global_default(StderrSubscriber::default()));
    }
}

/// One line for each warning and error, with the fields of the invocation. The host takes a line with `warn` in it for a
/// warning, and any other for an error.
#[derive(Default)]
struct StderrSubscriber {
    last: AtomicU64,
    invocations: Mutex<HashMap<u64, Invocation>>,
}

/// The fields of an invocation's span, and how many handles it has.
struct Invocation {
    fields: String,
    handles: usize,
}

thread_local! {
    /// The spans that this thread has entered.
    static ENTERED: RefCell<Vec<u64>> = const { RefCell::new(Vec::new()) };
}

impl StderrSubscriber {
    fn invocations(&self) -> MutexGuard<'_, HashMap<u64, Invocation>> {
        self.invocations.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Subscriber for StderrSubscriber {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        if metadata.is_span() { metadata.name() == "invocation" } else { *metadata.level() <= Level::WARN }
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        let id = self.last.fetch_add(1, Ordering::Relaxed) + 1;
        let mut line = Line::default();
        span.record(&mut line);
        self.invocations().insert(id, Invocation { fields: line.fields, handles: 1 });
        Id::from_u64(id)
    }

    fn record(&self, span: &Id, values: &Record<'_>) {
        let mut line = Line::default();
        values.record(&mut line);
        if let Some(invocation) = self.invocations().get_mut(&span.into_u64()) {
            invocation.fields.push_str(&line.fields);
        }
    }

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut line = Line::default();
        event.record(&mut line);
        let level = if *event.metadata().level() == Level::WARN { "warn" } else { "error" };
        let span = ENTERED.with_borrow(|entered| entered.last().copied());
        let invocations = self.invocations();
        let of_invocation =
            span.and_then(|span| invocations.get(&span)).map_or("", |invocation| &invocation.fields);
        let text = format!("{level}: {}{}{of_invocation}", line.message, line.fields);
        eprintln!("{}", text.replace(['\r', '\n'], " "));
    }

    fn enter(&self, span: &Id) {
        ENTERED.with_borrow_mut(|entered| entered.push(span.into_u64()));
    }

    fn exit(&self, span: &Id) {
        ENTERED.with_borrow_mut(|entered| {
            if let Some(at) = entered.iter().rposition(|id| *id == span.into_u64()) {
                entered.remove(at);
            }
        });
    }

    fn clone_span(&self, span: &Id) -> Id {
        if let Some(invocation) = self.invocations().get_mut(&span.into_u64()) {
            invocation.handles += 1;
        }
        span.clone()
    }

    fn try_close(&self, span: Id) -> bool {
        let mut invocations = self.invocations();
        let Some(invocation) = invocations.get_mut(&span.into_u64()) else { return false };
        invocation.handles -= 1;
        let is_last = invocation.handles == 0;
        if is_last {
            invocations.remove(&span.into_u64());
        }
        is_last
    }
}

/// The message and the fields of a line.
#[derive(Default)]
struct Line {
    message: String,
    fields: String,
}

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        let written = match field.name() {
            "message" => write!(self.message, "{value:?}"),
            name => write!(self.fields, " {name}={value:?}"),
        };
        written.expect("a String takes every write");
    }
}
