//! Invocations that fail.

use http::StatusCode;

use super::connection::CallError;

/// Why an invocation failed, and whether it was the worker that broke the protocol.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(super) what: String,
    pub(super) mistake: bool,
    /// The worker's own status, where that is the failure.
    pub(super) status: Option<StatusCode>,
}

impl Failure {
    /// A failure that is not the worker's.
    pub(super) fn new(what: impl Into<String>) -> Self {
        Self { what: what.into(), mistake: false, status: None }
    }

    /// The worker's failure, with the remedy.
    pub(super) fn mistake(what: impl Into<String>) -> Self {
        Self { what: what.into(), mistake: true, status: None }
    }
}

impl From<CallError> for Failure {
    fn from(error: CallError) -> Self {
        let mistake = !matches!(error, CallError::Refused(_) | CallError::Lost);
        Self { mistake, what: error.to_string(), status: None }
    }
}
