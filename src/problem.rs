//! All refusals: problem details (RFC 9457) for the client. The cause is logged once, where it is known; the client
//! gets the type, a sentence that helps, and the invocation's id to quote.

use std::{borrow::Cow, time::Duration};

use axum::{
    http::{HeaderName, StatusCode, header},
    response::{IntoResponse, Response},
};
use azure_functions_handler::{BodyError, Error, Invocation, Rejection, ServerError, with_invocation};
use schemars::JsonSchema;
use serde::Serialize;

use crate::{
    limits::{LIMITS, Limits},
    response,
};

mod conversions;
mod field_errors;

#[cfg(test)]
mod tests;

pub use field_errors::{FieldCode, FieldError, FieldErrors};

/// A failure, as far as its client may know it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Problem {
    /// 400: there is no body, or the host lost it.
    BodyMissing,
    /// 400: the request is not valid; the sentence says what is wrong.
    Malformed(&'static str),
    /// 401: no caller, or one whose credentials are not valid.
    Unauthenticated,
    /// 403: the caller's role or kind does not allow it.
    Forbidden,
    /// 403: the token lacks the required scope.
    InsufficientScope,
    /// 404: it does not exist, or not for this caller.
    NotFound,
    /// 409: the state of the order or dead letter does not allow it; the sentence says which state.
    Conflict(&'static str),
    /// 412: the current version is not the one that the request names.
    Stale,
    /// 408: the body did not arrive in time.
    BodyTimeout,
    /// 413: the body passes its limit.
    TooLarge,
    /// 414: path and query pass their limit.
    UriTooLong,
    /// 431: the head of the request passes its limit.
    HeadersTooLarge,
    /// 415: not JSON in UTF-8.
    UnsupportedMediaType,
    /// 422: well formed, but these fields are wrong.
    InvalidFields(FieldErrors),
    /// 409: the same request is still under way; try again.
    InProgress,
    /// 422: the key belongs to another request.
    KeyReused,
    /// 428: a version has to be named.
    PreconditionRequired,
    /// 429: too many requests of this caller's; the next is taken after this time.
    RateLimited(Duration),
    /// 429: this caller already runs as many requests as allowed.
    TooManyConcurrent,
    /// 503: a dependency is unavailable; try again.
    Unavailable,
    /// 503: too many wait for the same; there is room again in a second.
    Overloaded,
    /// 500: a bug.
    Internal,
}

/// A refusal: a problem document (RFC 9457).
#[derive(JsonSchema, Serialize)]
#[schemars(rename = "Problem")]
pub(crate) struct ProblemDocument<'a> {
    #[schemars(extend("enum" = Problem::types()))]
    r#type: String,
    title: &'static str,
    #[schemars(range(min = 400, max = 599))]
    status: u16,
    detail: Cow<'static, str>,
    /// Names the invocation: quote it when reporting.
    #[schemars(regex(pattern = "^urn:uuid:[0-9a-f-]{36}$"))]
    instance: String,
    /// With `invalid-fields` alone: the wrong fields, up to the limits of number and size.
    #[schemars(length(max = LIMITS.json_body.max_errors))]
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    errors: &'a [FieldError],
    /// True when more is wrong than `errors` lists; else it is not there.
    #[schemars(extend("const" = true))]
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    truncated: bool,
}

fn urn(slug: &str) -> String {
    format!("urn:orders:problem:{slug}")
}

impl Problem {
    /// One problem of each kind.
    pub(crate) const ALL: [Self; 22] = [
        Self::BodyMissing,
        Self::Malformed(""),
        Self::Unauthenticated,
        Self::Forbidden,
        Self::InsufficientScope,
        Self::RateLimited(Duration::ZERO),
        Self::TooManyConcurrent,
        Self::NotFound,
        Self::Conflict(""),
        Self::InProgress,
        Self::Stale,
        Self::BodyTimeout,
        Self::TooLarge,
        Self::UriTooLong,
        Self::HeadersTooLarge,
        Self::UnsupportedMediaType,
        Self::InvalidFields(FieldErrors::NONE),
        Self::KeyReused,
        Self::PreconditionRequired,
        Self::Unavailable,
        Self::Overloaded,
        Self::Internal,
    ];

    /// The closed list of types.
    fn types() -> Vec<String> {
        let mut types: Vec<String> = Self::ALL.iter().map(|problem| urn(problem.slug())).collect();
        types.dedup();
        types
    }

    /// What is allowed, where that is a number; otherwise [`Self::definition`] has the detail.
    fn limit(&self) -> Option<String> {
        let Limits { requests, json_body, concurrency, .. } = LIMITS;
        Some(match self {
            Self::TooLarge => format!("The body must be at most {} KiB.", json_body.max_bytes >> 10),
            Self::BodyTimeout => format!(
                "The whole body must arrive within {} seconds. Send it again.",
                requests.body_timeout.as_secs()
            ),
            Self::UriTooLong => "Path and query must be at most 65,534 bytes.".to_owned(),
            Self::HeadersTooLarge => format!(
                "The request must have at most {} headers, and its head at most {} KiB.",
                requests.max_headers,
                requests.max_head_bytes >> 10
            ),
            Self::TooManyConcurrent => format!(
                "At most {} of your requests may run at once. Wait until one of them is answered, and at least for the \
                 time in Retry-After.",
                concurrency.per_caller.unwrap_or(concurrency.running)
            ),
            _ => return None,
        })
    }

    /// Status, slug, title and detail: one row per problem.
    fn definition(&self) -> (StatusCode, &'static str, &'static str, &'static str) {
        use StatusCode as S;
        match self {
            Self::BodyMissing => (
                S::BAD_REQUEST,
                "body-missing",
                "The body is missing",
                "Send a JSON body with a Content-Length header.",
            ),
            Self::Malformed(detail) => (S::BAD_REQUEST, "malformed", "The request is malformed", detail),
            Self::Unauthenticated => (
                S::UNAUTHORIZED,
                "unauthenticated",
                "Authentication required",
                "Send one access token for this API in `Authorization: Bearer`.",
            ),
            Self::Forbidden => (
                S::FORBIDDEN,
                "forbidden",
                "Not allowed",
                "Your app role or kind of account does not allow this operation. Use another account.",
            ),
            Self::InsufficientScope => (
                S::FORBIDDEN,
                "insufficient-scope",
                "The required scope is missing",
                "Your token lacks the scope that this API requires. Request a token with that scope.",
            ),
            Self::NotFound => (
                S::NOT_FOUND,
                "not-found",
                "Not found",
                "This resource does not exist, or you may not see it. Check the path.",
            ),
            Self::Conflict(detail) => {
                (S::CONFLICT, "conflict", "The current status does not allow this", detail)
            }
            Self::Stale => (
                S::PRECONDITION_FAILED,
                "stale",
                "The version has changed",
                "Another version is current. Read it again and send its current ETag in If-Match.",
            ),
            Self::TooLarge => (S::PAYLOAD_TOO_LARGE, "too-large", "The body is too large", ""),
            Self::BodyTimeout => (S::REQUEST_TIMEOUT, "body-timeout", "The body took too long", ""),
            Self::UriTooLong => (S::URI_TOO_LONG, "too-large", "The address is too long", ""),
            Self::HeadersTooLarge => {
                (S::REQUEST_HEADER_FIELDS_TOO_LARGE, "too-large", "The headers are too large", "")
            }
            Self::UnsupportedMediaType => (
                S::UNSUPPORTED_MEDIA_TYPE,
                "media-type",
                "The content type is not JSON",
                "Content-Type must be `application/json`, in UTF-8, and sent once.",
            ),
            Self::InvalidFields(_) => (
                S::UNPROCESSABLE_ENTITY,
                "invalid-fields",
                "Some fields are wrong",
                "Fix the fields listed in `errors`.",
            ),
            Self::InProgress => (
                S::CONFLICT,
                "conflict",
                "The same request is in progress",
                "A request with this key is in progress. Send it again after the time in Retry-After.",
            ),
            Self::KeyReused => (
                S::UNPROCESSABLE_ENTITY,
                "key-reused",
                "The key belongs to another request",
                "This Idempotency-Key was sent with another request. Send each new request with a new key.",
            ),
            Self::PreconditionRequired => (
                S::PRECONDITION_REQUIRED,
                "precondition-required",
                "If-Match is required",
                "Send If-Match with the ETag of the version that you read; `*` is not accepted.",
            ),
            Self::RateLimited(_) => (
                S::TOO_MANY_REQUESTS,
                "rate-limited",
                "Too many requests",
                "You have used up your request rate. Try again after the time in Retry-After.",
            ),
            Self::TooManyConcurrent => {
                (S::TOO_MANY_REQUESTS, "rate-limited", "Too many requests at once", "")
            }
            Self::Unavailable | Self::Overloaded => (
                S::SERVICE_UNAVAILABLE,
                "unavailable",
                "Temporarily unavailable",
                "The service cannot complete this request now. Try again after the time in Retry-After.",
            ),
            Self::Internal => (
                S::INTERNAL_SERVER_ERROR,
                "internal",
                "Internal error",
                "The service failed; your request is not the cause. Quote `instance` when you report it.",
            ),
        }
    }

    /// The status of its answer.
    pub(crate) fn status(&self) -> StatusCode {
        self.definition().0
    }

    /// What its type ends with: one of the closed list of `docs/reference/api.md#problem-types`.
    pub(crate) fn slug(&self) -> &'static str {
        self.definition().1
    }

    /// What kind of problem it is, in words that fit every case.
    pub(crate) fn title(&self) -> &'static str {
        self.definition().2
    }

    /// The header that its answer carries beyond those of every answer.
    pub(crate) fn header(&self) -> Option<(HeaderName, Cow<'static, str>)> {
        match self {
            Self::Unauthenticated => Some((header::WWW_AUTHENTICATE, "Bearer".into())),
            Self::Forbidden | Self::InsufficientScope => {
                Some((header::WWW_AUTHENTICATE, "Bearer error=\"insufficient_scope\"".into()))
            }
            Self::InProgress | Self::Overloaded | Self::TooManyConcurrent => {
                Some((header::RETRY_AFTER, "1".into()))
            }
            Self::RateLimited(wait) => {
                let begun = u64::from(wait.subsec_nanos() > 0);
                Some((header::RETRY_AFTER, (wait.as_secs() + begun).to_string().into()))
            }
            Self::Unavailable => Some((header::RETRY_AFTER, "5".into())),
            _ => None,
        }
    }

    /// The response: a problem document.
    #[must_use]
    pub fn to_response(&self, invocation: &Invocation) -> Response {
        let (status, slug, title, detail) = self.definition();
        let none = FieldErrors::NONE;
        let errors = if let Self::InvalidFields(errors) = self { errors } else { &none };
        let document = ProblemDocument {
            r#type: urn(slug),
            title,
            status: status.as_u16(),
            detail: self.limit().map_or(Cow::Borrowed(detail), Cow::Owned),
            instance: format!("urn:uuid:{}", invocation.id),
            errors: errors.as_slice(),
            truncated: errors.is_truncated(),
        };
        let mut answer = response::json(status, &document);
        response::set_header(&mut answer, header::CONTENT_TYPE, "application/problem+json; charset=utf-8");
        if let Some((name, value)) = self.header() {
            response::set_header(&mut answer, name, &value);
        }
        answer
    }

    /// The problem for an error of the handler crate.
    #[must_use]
    pub fn from_error(error: &Error) -> Self {
        match error {
            Error::Server(error) => Self::from_server_error(*error),
            Error::Rejection(Rejection::Path(_)) => Self::NotFound,
            Error::Rejection(Rejection::ContentType) => Self::UnsupportedMediaType,
            Error::Rejection(Rejection::Body(BodyError::TooLarge)) => Self::TooLarge,
            Error::Rejection(Rejection::Body(BodyError::TooSlow)) => Self::BodyTimeout,
            Error::Rejection(Rejection::Query(_) | Rejection::Json(_) | Rejection::Body(_)) => {
                Self::Malformed("The query or the body cannot be read. Compare it with the API description.")
            }
            _ => Self::Internal,
        }
    }

    const fn from_server_error(error: ServerError) -> Self {
        match error {
            ServerError::NotFound => Self::NotFound,
            ServerError::Overloaded | ServerError::Timeout => Self::Unavailable,
            ServerError::EnvelopeTooLarge => Self::TooLarge,
            ServerError::BodyTooSlow => Self::BodyTimeout,
            ServerError::UnreadableHead => Self::Malformed("The request must be valid HTTP/1.1."),
            ServerError::UriTooLong => Self::UriTooLong,
            ServerError::HeadTooLarge => Self::HeadersTooLarge,
            _ => Self::Internal,
        }
    }
}

/// The document names the invocation, so it is made once that is known.
impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        with_invocation(move |invocation| self.to_response(invocation))
    }
}
