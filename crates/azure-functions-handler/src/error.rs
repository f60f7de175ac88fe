//! Errors that this crate answers in a handler's place, and how an app words them.

use std::{
    fmt,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
};

use axum_core::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use serde_json::json;

use crate::{BodyError, Invocation, event::Event};

/// Why this crate answers in the handler's place. An app words it with [`FunctionApp::on_error`](crate::FunctionApp::on_error).
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The invocation did not reach its handler, or the handler did not end as it should.
    #[error(transparent)]
    Server(#[from] ServerError),
    /// An argument of the handler could not be read.
    #[error(transparent)]
    Rejection(#[from] Rejection),
}

/// Why an invocation did not reach its handler, or the handler did not end as it should.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ServerError {
    /// No function of this process matches.
    #[error("no function matches the request")]
    NotFound,
    /// Too many requests are running.
    #[error("too many requests are running: try again soon")]
    Overloaded,
    /// The envelope passes its limit.
    #[error("the request is too large: send a smaller one")]
    EnvelopeTooLarge,
    /// The envelope did not arrive in time.
    #[error("the request did not arrive in time: send it again")]
    BodyTooSlow,
    /// The head of the request is not HTTP/1.1.
    #[error("the head of the request is not HTTP")]
    UnreadableHead,
    /// Path and query pass their limit.
    #[error("the URL is too long")]
    UriTooLong,
    /// The head of the request passes its limit.
    #[error("the head of the request is too large: send fewer or shorter headers")]
    HeadTooLarge,
    /// The deadline passed.
    #[error("the function did not answer in time")]
    Timeout,
    /// The handler panicked.
    #[error("the function failed")]
    HandlerPanicked,
    /// The handler returned [`InvocationFailed`].
    #[error("the function failed")]
    HandlerFailed,
    /// The handler's answer cannot be sent.
    #[error("the function gave an answer that cannot be sent")]
    InvalidResponse,
}

/// Why an argument of a handler could not be read.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Rejection {
    /// The parameters of the route are not what the handler takes.
    #[error("the path is not valid: {0}")]
    Path(String),
    /// The query is not what the handler takes.
    #[error("the query is not valid: {0}")]
    Query(String),
    /// The content type of the body is not JSON.
    #[error("send the body as JSON, with `Content-Type: application/json`")]
    ContentType,
    /// The body is not what the handler takes.
    #[error("the body is not valid: {0}")]
    Json(String),
    /// The body could not be read.
    #[error(transparent)]
    Body(#[from] BodyError),
    /// The handler takes text, and the body is not UTF-8.
    #[error("the body must be text in UTF-8")]
    Text,
    /// The message is not what the handler takes.
    #[error("the message is not valid: {0}")]
    Message(String),
    /// The handler has an argument that this trigger does not provide: a mistake in the app. The log names the
    /// argument, and the caller learns only that the function failed.
    #[error("the function failed")]
    NotBound(&'static str),
    /// The handler's value cannot be written as JSON: a mistake in the app. The log has the reason, and the caller
    /// learns only that the function failed.
    #[error("the function failed")]
    Unserializable(String),
}

impl Error {
    /// The HTTP status of the answer to this error.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        match self {
            Self::Server(error) => error.status(),
            Self::Rejection(rejection) => rejection.status(),
        }
    }
}

impl ServerError {
    /// The HTTP status of the answer to this error.
    #[must_use]
    pub const fn status(self) -> StatusCode {
        match self {
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::Overloaded => StatusCode::SERVICE_UNAVAILABLE,
            Self::EnvelopeTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::BodyTooSlow => StatusCode::REQUEST_TIMEOUT,
            Self::UnreadableHead => StatusCode::BAD_REQUEST,
            Self::UriTooLong => StatusCode::URI_TOO_LONG,
            Self::HeadTooLarge => StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
            Self::Timeout => StatusCode::GATEWAY_TIMEOUT,
            Self::HandlerPanicked | Self::HandlerFailed | Self::InvalidResponse => {
                StatusCode::INTERNAL_SERVER_ERROR
            }
        }
    }

    /// For the log.
    pub(crate) const fn reason(self) -> &'static str {
        match self {
            Self::NotFound => "no function matches",
            Self::Overloaded => "too many requests are running",
            Self::EnvelopeTooLarge => "the envelope is too large",
            Self::BodyTooSlow => "the envelope came too slowly",
            Self::UnreadableHead => "the head of the request cannot be read",
            Self::UriTooLong => "the URL is too long",
            Self::HeadTooLarge => "the head of the request is too large",
            Self::Timeout => "the deadline passed",
            Self::HandlerPanicked => "the handler panicked",
            Self::HandlerFailed => "the handler failed",
            Self::InvalidResponse => "the handler gave an answer that cannot be sent",
        }
    }
}

impl Rejection {
    /// The HTTP status of the answer to this error.
    #[must_use]
    pub const fn status(&self) -> StatusCode {
        match self {
            Self::Path(_)
            | Self::Query(_)
            | Self::Json(_)
            | Self::Message(_)
            | Self::Text
            | Self::Body(BodyError::Interrupted) => StatusCode::BAD_REQUEST,
            Self::ContentType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::Body(BodyError::TooLarge) => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Body(BodyError::TooSlow) => StatusCode::REQUEST_TIMEOUT,
            Self::NotBound(_) | Self::Unserializable(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// For the log: the mistake in the app, if there is one.
    pub(crate) fn handler_error(&self) -> Option<String> {
        match self {
            Self::NotBound(what) => {
                Some(format!("the handler takes `{what}`, which this invocation does not bring"))
            }
            Self::Unserializable(why) => Some(format!("the answer cannot be written as JSON: {why}")),
            _ => None,
        }
    }
}

/// A response that needs the invocation, and so is made once it is known. See [`with_invocation`].
#[derive(Clone)]
struct DeferredResponse(Arc<dyn Fn(&Invocation) -> Response + Send + Sync>);

/// A response that is made from the invocation, for an app's errors: their documents name the invocation's id, but
/// [`IntoResponse`] does not see it. Layers see the response that is made, not its place.
///
/// ```
/// use axum_core::response::{IntoResponse, Response};
/// use azure_functions_handler::with_invocation;
/// use http::StatusCode;
///
/// struct OutOfStock;
///
/// impl IntoResponse for OutOfStock {
///     fn into_response(self) -> Response {
///         with_invocation(|invocation| {
///             (StatusCode::CONFLICT, format!("out of stock, quote {}", invocation.id)).into_response()
///         })
///     }
/// }
/// ```
#[must_use]
pub fn with_invocation(words: impl Fn(&Invocation) -> Response + Send + Sync + 'static) -> Response {
    let mut response = StatusCode::INTERNAL_SERVER_ERROR.into_response();
    response.extensions_mut().insert(DeferredResponse(Arc::new(words)));
    response
}

impl IntoResponse for Rejection {
    fn into_response(self) -> Response {
        let status = self.status();
        let mut response = (status, self.to_string()).into_response();
        response.extensions_mut().insert(self);
        response
    }
}

/// Puts an app's words into the place of a rejection, or of words that waited for the invocation.
pub(crate) fn apply_on_error(mut response: Response, invocation: &Invocation, words: &OnError) -> Response {
    if let Some(DeferredResponse(words)) = response.extensions_mut().remove() {
        return words(invocation);
    }
    match response.extensions_mut().remove::<Rejection>() {
        Some(rejection) => {
            if let Some(error) = rejection.handler_error() {
                Event::HandlerInvalid { error: &error }.log();
            }
            let mut response = words(&Error::Rejection(rejection.clone()), invocation);
            // The caller reads the app's words; the log of a function without one names the rejection.
            response.extensions_mut().insert(rejection);
            response
        }
        None => response,
    }
}

/// Words an error.
pub(crate) type OnError = Arc<dyn Fn(&Error, &Invocation) -> Response + Send + Sync>;

/// An app's own error response; if making it panics, the panic is logged and a problem document answers.
pub(crate) fn catch_on_error_panic(
    words: impl Fn(&Error, &Invocation) -> Response,
) -> impl Fn(&Error, &Invocation) -> Response {
    move |error, invocation| {
        let response = catch_unwind(AssertUnwindSafe(|| words(error, invocation)));
        response.unwrap_or_else(|_| {
            Event::HandlerPanicked {}.log();
            problem_document(error, invocation)
        })
    }
}

/// A problem document (RFC 9457), for apps that do not word errors themselves.
pub(crate) fn problem_document(error: &Error, invocation: &Invocation) -> Response {
    let status = error.status();
    let body = json!({
        "title": status.canonical_reason(),
        "status": status.as_u16(),
        "detail": error.to_string(),
        "instance": format!("urn:uuid:{}", invocation.id),
    });
    let mut response = (status, body.to_string()).into_response();
    let kind = HeaderValue::from_static("application/problem+json");
    response.headers_mut().insert(header::CONTENT_TYPE, kind);
    response
}

/// The invocation failed: the host delivers a message again, and waits for a timer's next run.
///
/// Every type that implements [`std::error::Error`] turns into one with `?`, so that this is what handlers of queues and timers
/// return. `Box<dyn Error>` and `anyhow::Error` do not implement it: turn those into a type of the app's own first.
#[derive(Clone)]
pub struct InvocationFailed {
    pub(crate) reason: &'static str,
    pub(crate) source: Option<Arc<dyn std::error::Error + Send + Sync>>,
}

impl InvocationFailed {
    /// Failed for this reason. The reason is logged.
    #[must_use]
    pub const fn new(reason: &'static str) -> Self {
        Self { reason, source: None }
    }
}

impl<E: std::error::Error + Send + Sync + 'static> From<E> for InvocationFailed {
    fn from(error: E) -> Self {
        Self { reason: "the handler returned an error", source: Some(Arc::new(error)) }
    }
}

impl fmt::Debug for InvocationFailed {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.source {
            Some(source) => write!(formatter, "{}: {source}", self.reason),
            None => formatter.write_str(self.reason),
        }
    }
}

impl IntoResponse for InvocationFailed {
    fn into_response(self) -> Response {
        let mut response = StatusCode::INTERNAL_SERVER_ERROR.into_response();
        response.extensions_mut().insert(self);
        response
    }
}
