//! Invocations that fail.

use http::StatusCode;

use super::worker_connection::CallError;

/// Why an invocation failed, and whether it was the worker that broke the protocol.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(super) what: String,
    pub(super) violation: bool,
    /// The worker's own status, where that is the failure.
    pub(super) status: Option<StatusCode>,
}

impl Failure {
    /// A failure that the worker did not cause by breaking the protocol.
    pub(super) fn new(what: impl Into<String>) -> Self {
        Self { what: what.into(), violation: false, status: None }
    }

    /// A failure that the worker caused by breaking the protocol; the text says how to correct it.
    pub(super) fn violation(what: impl Into<String>) -> Self {
        Self { what: what.into(), violation: true, status: None }
    }
}

impl From<CallError> for Failure {
    fn from(error: CallError) -> Self {
        let violation = !matches!(error, CallError::Refused(_) | CallError::Lost);
        Self { violation, what: error.to_string(), status: None }
    }
}
