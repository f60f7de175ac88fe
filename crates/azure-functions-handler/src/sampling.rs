//! Whether the span of an invocation is exported.

use std::{fmt, sync::Arc};

use crate::TraceContext;

/// Decides whether the span of an invocation is exported. Cloning shares it.
#[derive(Clone)]
pub struct SpanSampler(Arc<Decide>);

type Decide = dyn Fn(&TraceContext, ParentSpan) -> bool + Send + Sync;

/// Where the span above an invocation's comes from.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum ParentSpan {
    /// There is none: the invocation begins a trace.
    None,
    /// A caller names it, who may claim anything.
    Caller {
        /// Whether the caller exports it.
        sampled: bool,
    },
    /// Another function of this app, whose message names it.
    Message {
        /// Whether that function exports it.
        sampled: bool,
    },
}

impl SpanSampler {
    /// A sampler that decides by the trace and by the span above the invocation's, which is the trace's own one where
    /// there is a parent.
    #[must_use]
    pub fn new(decide: impl Fn(&TraceContext, ParentSpan) -> bool + Send + Sync + 'static) -> Self {
        Self(Arc::new(decide))
    }

    pub(crate) fn is_sampled(&self, trace: &TraceContext, parent: ParentSpan) -> bool {
        (self.0)(trace, parent)
    }
}

impl fmt::Debug for SpanSampler {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("SpanSampler")
    }
}
