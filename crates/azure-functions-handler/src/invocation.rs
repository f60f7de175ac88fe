//! Which invocation this is: its id, its trace, its span.

use tracing::{Span, field::Empty};
use uuid::Uuid;

use crate::TraceContext;

/// The field of an invocation's log span that holds the id of its trace span, 16 hexadecimal digits.
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

/// Fixes which trace this is, for handlers and in the current span. With `exports_spans` the invocation has a span
/// below the caller's.
pub(crate) fn start(
    id: Uuid,
    function: &'static str,
    trace: Option<TraceContext>,
    exports_spans: bool,
) -> Invocation {
    let span = Span::current();
    let own = match trace {
        Some(parent) if exports_spans => {
            span.record(PARENT_SPAN_ID, parent.span_id());
            parent.continued()
        }
        Some(parent) => parent,
        None => TraceContext::random(),
    };
    span.record(TRACE_ID, own.trace_id());
    if exports_spans {
        span.record(SPAN_ID, own.span_id());
    }
    Invocation { id, function, trace: own }
}
