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
    /// A failure that is not the worker's.
    pub(super) fn new(what: impl Into<String>) -> Self {
        Self { what: what.into(), violation: false, status: None }
    }

    /// The worker's failure, with the remedy.
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
