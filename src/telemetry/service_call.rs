//! Calls of other services: each ends with an event, from which the exporter makes a span.

use std::fmt::Display;

use reqwest::{Error, Response};

use super::Event;
use crate::clock::Clock;

/// A service that the worker calls.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Service {
    /// The backend that carries orders out.
    Fulfilment,
    /// The issuer of callers' tokens.
    Issuer,
    /// The vault, and the platform's endpoint for tokens of the managed identity.
    Azure,
}

impl Service {
    const fn name(self) -> &'static str {
        match self {
            Self::Fulfilment => "fulfilment",
            Self::Issuer => "issuer",
            Self::Azure => "azure",
        }
    }
}

/// Waits for the head of an answer. `span_id` is what the request's `traceparent` names, where it has one.
pub(crate) async fn call_service(
    service: Service,
    method: &'static str,
    span_id: Option<&str>,
    call: impl Future<Output = Result<Response, Error>>,
) -> Result<Response, Error> {
    let began = Clock.instant();
    let answer = call.await;
    let passed = Clock.instant().saturating_duration_since(began);
    Event::ServiceCalled {
        service: service.name(),
        method,
        status: answer.as_ref().ok().map(|answer| answer.status().as_u16()),
        error: answer.as_ref().err().map(kind),
        duration_us: u64::try_from(passed.as_micros()).unwrap_or(u64::MAX),
        client_span_id: span_id.as_ref().map(|id| id as &dyn Display),
    }
    .log();
    answer
}

/// What kind of error it is, without its words, which may name an address.
fn kind(error: &Error) -> &'static str {
    if error.is_timeout() {
        "timeout"
    } else if error.is_connect() {
        "connect"
    } else {
        "interrupted"
    }
}
