//! A registered function and its trigger.

use http::Method;

use crate::{
    handler::ErasedHandler,
    trigger::{Http, Other, OutputBinding, Queue, Timer},
};

/// One function.
pub(crate) struct Function<S, T> {
    pub(crate) name: &'static str,
    pub(crate) binding: &'static str,
    pub(crate) kind: Kind,
    pub(crate) outputs: Vec<OutputBinding>,
    pub(crate) needs: Vec<T>,
    pub(crate) handler: ErasedHandler<S>,
}

/// The sequence in which the host tries routes: by the names of their functions, ignoring case
/// (<https://github.com/Azure/azure-functions-core-tools/issues/2442>).
pub(crate) fn host_order(name: &str) -> String {
    name.to_ascii_uppercase()
}

/// The trigger of a function.
#[derive(Clone, Debug)]
pub(crate) enum Kind {
    Http(Http),
    Queue(Queue),
    Timer(Timer),
    Other(Other),
}

impl Kind {
    /// For the log.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Http(_) => "http",
            Self::Queue(_) => "queue",
            Self::Timer(_) => "timer",
            Self::Other(other) => other.kind.strip_suffix("Trigger").unwrap_or(other.kind),
        }
    }

    /// The trigger if it is an HTTP trigger that takes this method.
    pub(crate) fn http(&self, method: &Method) -> Option<&Http> {
        match self {
            Self::Http(http) if http.methods.is_empty() || http.methods.contains(method) => Some(http),
            _ => None,
        }
    }
}
