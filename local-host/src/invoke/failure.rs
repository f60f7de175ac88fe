//! Invocations that fail.

use super::connection::CallError;

/// Why an invocation failed, and whether it was the worker that broke the protocol.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(super) what: String,
    pub(super) mistake: bool,
}

impl Failure {
    /// A failure that is not the worker's.
    pub(super) fn new(what: impl Into<String>) -> Self {
        Self { what: what.into(), mistake: false }
    }

    /// The worker's failure, with the remedy.
    pub(super) fn mistake(what: impl Into<String>) -> Self {
        Self { what: what.into(), mistake: true }
    }
}

impl From<CallError> for Failure {
    fn from(error: CallError) -> Self {
        Self { mistake: !matches!(error, CallError::Refused(_) | CallError::Lost), what: error.to_string() }
    }
}
