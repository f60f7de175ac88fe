//! The span around an invocation: what each of its lines carries.

use azure_functions_handler::SpanContext;
use tracing::{Span, field::Empty};
use uuid::Uuid;

/// Makes the span. The handler crate fills in the trace, identification the caller, and a refusal why.
#[must_use]
pub fn invocation_span(context: SpanContext) -> Span {
    let mut id = Uuid::encode_buffer();
    tracing::info_span!(
        "invocation",
        invocation_id = &*context.id.hyphenated().encode_lower(&mut id),
        function = context.function,
        trace_id = Empty,
        span_id = Empty,
        parent_span_id = Empty,
        tenant_id = Empty,
        object_id = Empty,
        caller_kind = Empty,
        denied = Empty,
    )
}
