//! Which invocation this is: its id, its trace, its span.

use tracing::{Span, field::Empty};
use uuid::Uuid;

use crate::{ParentSpan, SpanSampler, TraceContext};

/// The field of an invocation's log span that holds the id of its trace span, 16 hexadecimal digits; empty where that is
/// not exported.
pub const SPAN_ID: &str = "span_id";
/// The field of an invocation's log span that holds the id of the span that led to it, if one did.
pub const PARENT_SPAN_ID: &str = "parent_span_id";
/// The field of an invocation's log span that holds the id of its trace.
pub const TRACE_ID: &str = "trace_id";

/// Which invocation this is.
#[derive(Clone, Debug)]
pub struct Invocation {
    /// The last value of `X-Azure-Functions-InvocationId` if it is a UUID, else generated.
    pub id: Uuid,
    /// The function's name.
    pub function: &'static str,
    /// The caller's trace if its `traceparent` is well formed, else a new one.
    pub trace: TraceContext,
    sampler: Option<SpanSampler>,
}

impl Invocation {
    /// An invocation whose span is not exported.
    #[must_use]
    pub fn new(id: Uuid, function: &'static str, trace: TraceContext) -> Self {
        Self { id, function, trace, sampler: None }
    }

    /// What to send with a call of another service: a new span below the invocation's, which the caller exports; where
    /// the app exports none, the invocation's trace as it is.
    #[must_use]
    pub fn client_trace(&self) -> TraceContext {
        match &self.sampler {
            Some(_) => self.trace.continued(self.trace.is_sampled()),
            None => self.trace.clone(),
        }
    }

    /// Moves the invocation into the trace that its message names: the host's trace begins at the queue, and the span
    /// that sent the message is further back. For messages that this app's functions sent, because their word on
    /// sampling counts as the app's own.
    pub fn continue_trace(&mut self, sender: &TraceContext) {
        let span = Span::current();
        match &self.sampler {
            None => self.trace = sender.clone(),
            Some(sampler) => {
                let parent = ParentSpan::Message { sampled: sender.is_sampled() };
                let is_exported = sampler.is_sampled(sender, parent);
                self.trace = sender.with_span(self.trace.span_id(), is_exported);
                span.record(PARENT_SPAN_ID, sender.span_id());
                record_span(&span, &self.trace);
            }
        }
        span.record(TRACE_ID, self.trace.trace_id());
    }
}

/// The fields of an invocation that are known when its span begins.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct SpanContext {
    /// The invocation's id.
    pub id: Uuid,
    /// The function's name; empty when no function matches.
    pub function: &'static str,
    /// The kind of its trigger: `http`, `queue`, `timer`, another one's type without `Trigger`, or `none`.
    pub trigger: &'static str,
}

/// The span of an app that shapes none itself.
pub(crate) fn default_span(context: SpanContext) -> Span {
    tracing::info_span!(
        "invocation",
        invocation_id = %context.id,
        function = context.function,
        trigger = context.trigger,
        trace_id = Empty,
        span_id = Empty,
        parent_span_id = Empty,
    )
}

/// Fixes which trace this is, for handlers and in the current span. With a sampler the invocation has a span below the
/// caller's.
pub(crate) fn start(
    id: Uuid,
    function: &'static str,
    caller: Option<TraceContext>,
    sampler: Option<&SpanSampler>,
) -> Invocation {
    let span = Span::current();
    let trace = match (caller, sampler) {
        (Some(caller), None) => caller,
        (None, None) => TraceContext::random(),
        (Some(caller), Some(sampler)) => {
            span.record(PARENT_SPAN_ID, caller.span_id());
            let parent = ParentSpan::Caller { sampled: caller.is_sampled() };
            caller.continued(sampler.is_sampled(&caller, parent))
        }
        (None, Some(sampler)) => {
            let new = TraceContext::random();
            let is_exported = sampler.is_sampled(&new, ParentSpan::None);
            new.with_span(new.span_id(), is_exported)
        }
    };
    span.record(TRACE_ID, trace.trace_id());
    if sampler.is_some() {
        record_span(&span, &trace);
    }
    Invocation { id, function, trace, sampler: sampler.cloned() }
}

fn record_span(span: &Span, own: &TraceContext) {
    span.record(SPAN_ID, if own.is_sampled() { own.span_id() } else { "" });
}
