//! The last traces: spans that the worker exports, and this host's own of the invocations that they belong to.

mod id;
mod invocation;
mod span;
mod tree;

pub(crate) use id::{SpanId, TraceId, TraceParent};
pub(crate) use invocation::{Invocation, Origin};
pub(crate) use span::{Attributes, Kind, Source, Span, SpanEvent, Status, name_text, value_text};

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use serde_json::{Value, json};
use tokio::sync::watch;
use uuid::Uuid;

use span::{milliseconds, time};

/// Spans that are stored; the oldest trace makes room.
pub(crate) const MAX_SPANS: usize = 10_000;
/// Memory that they may take, about.
const MAX_BYTES: usize = 32 * 1024 * 1024;
/// Invocations that wait for a span which names them, and deliveries that are remembered.
const MAX_WAITING: usize = 1000;
/// Traces that are listed.
const MAX_LISTED: usize = 200;

/// Stores the last traces; clones share them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Traces(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    state: Mutex<State>,
    changes: watch::Sender<u64>,
}

#[derive(Debug, Default)]
struct State {
    traces: HashMap<TraceId, Trace>,
    /// Every trace, the oldest first.
    order: VecDeque<TraceId>,
    spans: usize,
    bytes: usize,
    by_invocation: HashMap<Uuid, TraceId>,
    /// Invocations whose trace is not known yet.
    waiting: VecDeque<Ended>,
    /// When the last delivery of a message ended.
    deliveries: VecDeque<(Uuid, i64)>,
}

#[derive(Debug, Default)]
struct Trace {
    spans: HashMap<SpanId, Span>,
}

/// An invocation that has ended, and when the delivery before it did.
#[derive(Debug)]
struct Ended {
    invocation: Invocation,
    delivered_before: Option<i64>,
}

/// What became of spans that were added.
#[derive(Debug, Default)]
pub(crate) struct Added {
    /// Spans for which there was no room.
    pub(crate) rejected: usize,
    /// Calls whose trace is known now.
    pub(crate) calls: Vec<(u64, TraceId)>,
}

/// Which traces are wanted.
#[derive(Debug, Default)]
pub(crate) struct Filter {
    /// In the name of a span or a service, or the beginning of the trace's id.
    pub(crate) text: Option<String>,
    /// Only those with an error.
    pub(crate) errors: bool,
    /// Only those that took so many milliseconds.
    pub(crate) min_duration: f64,
}

impl Traces {
    /// Adds exported spans; a span that is there already is replaced.
    pub(crate) fn add(&self, spans: Vec<(TraceId, Span)>) -> Added {
        let mut state = self.state();
        let mut added = Added::default();
        for (trace, span) in spans {
            let invocation = span.invocation;
            if !state.insert(trace, span) {
                added.rejected += 1;
            } else if let Some(waiting) = invocation.and_then(|id| state.take_waiting(id)) {
                added.calls.push((waiting.invocation.call, trace));
                state.insert_ended(trace, waiting);
            }
        }
        drop(state);
        self.0.changes.send_modify(|changes| *changes += 1);
        added
    }

    /// Adds an invocation that has ended: to the trace of its caller, or to that of the span which names it, as soon as
    /// there is one.
    pub(crate) fn add_invocation(&self, invocation: Invocation) -> Option<TraceId> {
        let mut state = self.state();
        let exported = state.by_invocation.get(&invocation.id).copied();
        let caller = invocation.caller;
        let ended = state.record_delivery(invocation);
        let Some(trace) = caller.map(|caller| caller.trace).or(exported) else {
            if state.waiting.len() == MAX_WAITING {
                state.waiting.pop_front();
            }
            state.waiting.push_back(ended);
            return None;
        };
        state.insert_ended(trace, ended);
        drop(state);
        self.0.changes.send_modify(|changes| *changes += 1);
        Some(trace)
    }

    /// The newest traces that fit, newest first.
    pub(crate) fn list(&self, filter: &Filter) -> Value {
        let state = self.state();
        let newest = state.order.iter().rev().filter_map(|id| Some((id, state.traces.get(id)?)));
        newest
            .filter(|(id, trace)| trace.fits(**id, filter))
            .take(MAX_LISTED)
            .map(|(id, trace)| trace.summary(*id))
            .collect()
    }

    /// One trace with its spans, in the sequence of a waterfall.
    pub(crate) fn shown(&self, id: TraceId) -> Option<Value> {
        let state = self.state();
        let trace = state.traces.get(&id)?;
        let (start, _) = trace.times();
        let spans = tree::rows(trace.spans.values()).into_iter().map(|row| {
            let mut shown = row.span.to_json(start);
            shown["parent"] = json!(row.parent.map(|parent| parent.to_string()));
            shown["depth"] = json!(row.depth);
            shown
        });
        let spans: Vec<Value> = spans.collect();
        let mut shown = trace.summary(id);
        shown["rows"] = Value::Array(spans);
        Some(shown)
    }

    /// A receiver of changes.
    pub(crate) fn subscribe(&self) -> watch::Receiver<u64> {
        self.0.changes.subscribe()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// False where there is no room for the span without removing its own trace.
    fn insert(&mut self, id: TraceId, span: Span) -> bool {
        let bytes = span.bytes();
        let replaced = self.traces.get(&id).and_then(|trace| trace.spans.get(&span.id));
        let (spans, freed) = replaced.map_or((1, 0), |replaced| (0, replaced.bytes()));
        while self.spans + spans > MAX_SPANS || self.bytes + bytes - freed > MAX_BYTES {
            let Some(at) = self.order.iter().position(|old| *old != id) else { return false };
            self.remove(at);
        }
        if !self.traces.contains_key(&id) {
            self.order.push_back(id);
        }
        self.spans += spans;
        self.bytes = self.bytes + bytes - freed;
        if let (Source::Exported, Some(invocation)) = (span.source, span.invocation) {
            self.by_invocation.insert(invocation, id);
        }
        let invocation = span.invocation;
        let replaced = self.traces.entry(id).or_default().spans.insert(span.id, span);
        if let Some(former) = replaced.and_then(|span| span.invocation).filter(|id| Some(*id) != invocation) {
            self.by_invocation.remove(&former);
        }
        true
    }

    fn remove(&mut self, at: usize) {
        let Some(trace) = self.order.remove(at).and_then(|id| self.traces.remove(&id)) else { return };
        self.spans -= trace.spans.len();
        for span in trace.spans.values() {
            self.bytes -= span.bytes();
            if let Some(invocation) = span.invocation {
                self.by_invocation.remove(&invocation);
            }
        }
    }

    fn insert_ended(&mut self, trace: TraceId, ended: Ended) {
        for span in ended.invocation.spans(ended.delivered_before) {
            self.insert(trace, span);
        }
    }

    fn record_delivery(&mut self, invocation: Invocation) -> Ended {
        let Origin::Message { id, .. } = invocation.origin else {
            return Ended { invocation, delivered_before: None };
        };
        let before = self.deliveries.iter().position(|(known, _)| *known == id);
        let before = before.and_then(|at| self.deliveries.remove(at));
        if self.deliveries.len() == MAX_WAITING {
            self.deliveries.pop_front();
        }
        self.deliveries.push_back((id, invocation.end()));
        Ended { invocation, delivered_before: before.map(|(_, end)| end) }
    }

    fn take_waiting(&mut self, id: Uuid) -> Option<Ended> {
        let at = self.waiting.iter().position(|waiting| waiting.invocation.id == id)?;
        self.waiting.remove(at)
    }
}

impl Trace {
    fn times(&self) -> (i64, i64) {
        let start = self.spans.values().map(|span| span.start).min().unwrap_or_default();
        (start, self.spans.values().map(|span| span.end).max().unwrap_or_default())
    }

    fn duration(&self) -> f64 {
        let (start, end) = self.times();
        milliseconds(start, end)
    }

    fn errors(&self) -> usize {
        self.spans.values().filter(|span| span.is_error()).count()
    }

    fn fits(&self, id: TraceId, filter: &Filter) -> bool {
        let has = |text: &str| {
            let text = text.to_lowercase();
            let contains = |value: &str| value.to_lowercase().contains(&text);
            id.to_string().starts_with(&text)
                || self.spans.values().any(|span| contains(&span.name) || contains(&span.service))
        };
        filter.text.as_deref().is_none_or(has)
            && (!filter.errors || self.errors() > 0)
            && self.duration() >= filter.min_duration
    }

    fn summary(&self, id: TraceId) -> Value {
        let (start, _) = self.times();
        let rows = tree::rows(self.spans.values());
        json!({
            "id": id.to_string(),
            "name": rows.first().map(|row| &row.span.name),
            "start": time(start),
            "duration": self.duration(),
            "spans": self.spans.len(),
            "errors": self.errors(),
        })
    }
}
