//! How an invocation ends: its answer, its line of log, and what cuts it short.

use std::{error::Error, fmt::Display, panic::AssertUnwindSafe};

use axum_core::response::Response;
use futures_util::FutureExt;
use http::StatusCode;
use tokio::time::{Instant, timeout_at};

use crate::event::Event;

/// How an invocation ended.
pub(crate) struct Outcome {
    /// The status of the answer; within an envelope too.
    pub(crate) status: StatusCode,
    /// The response to the host.
    pub(crate) response: Response,
    /// Whether the failure is one of many that are only counted, without a log line.
    pub(crate) is_counted: bool,
}

impl Outcome {
    pub(crate) fn of(response: Response) -> Self {
        Self { status: response.status(), response, is_counted: false }
    }

    /// Writes the last line of the invocation that began at `started`, within its span. No path, query, header or body is
    /// ever logged.
    pub(crate) fn log(self, trigger: &'static str, started: Instant) -> Response {
        let outcome = match self.status {
            status if status.is_server_error() => "failed",
            status if status.is_client_error() => "refused",
            _ => "ok",
        };
        let duration_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
        let status = self.status.as_u16();
        if self.is_counted {
            Event::RequestRefused { trigger, outcome, status, duration_ms }.log();
        } else {
            Event::InvocationEnded { trigger, outcome, status, duration_ms }.log();
        }
        self.response
    }
}

/// Why a handler did not return.
#[derive(Clone, Copy, Debug)]
pub(crate) enum CutShort {
    /// The handler panicked, and the log has the message.
    Panic,
    /// Its deadline passed.
    Deadline,
}

/// Lets work run until its deadline, and survives its panic.
pub(crate) async fn with_deadline<T>(
    deadline: Instant,
    work: impl Future<Output = T>,
) -> Result<T, CutShort> {
    match timeout_at(deadline, AssertUnwindSafe(work).catch_unwind()).await {
        Ok(Ok(done)) => Ok(done),
        Ok(Err(_)) => {
            Event::HandlerPanicked {}.log();
            Err(CutShort::Panic)
        }
        Err(_) => Err(CutShort::Deadline),
    }
}

/// Tells the log of an answer that cannot be sent.
pub(crate) fn log_invalid_response(error: &(impl Error + 'static)) {
    let cause = error.source();
    Event::ResponseInvalid { error, cause: cause.as_ref().map(|cause| cause as &dyn Display) }.log();
}
