//! Responses: whether every invocation mode can carry them, and their form in an envelope.

use std::io;

use axum_core::{body::Body, response::Response};
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header, response::Parts};
use http_body::Body as _;
use http_body_util::{BodyExt, Limited};
use serde_json::{Map, Value, json};

use crate::binding::{self, UnsupportedMessage};

/// The host's own limit of a handler's response.
const MAX_BODY_BYTES: usize = 100 << 20;
const JSON: &str = "application/json; charset=utf-8";

/// Headers that belong to a connection and not to an answer.
pub(crate) const CONNECTION_HEADERS: [&str; 8] = [
    "connection",
    "keep-alive",
    "proxy-authenticate",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// Why a response cannot be sent: a mistake of its handler.
#[derive(Debug, thiserror::Error)]
pub(crate) enum InvalidResponse {
    #[error("status {0} cannot be sent: use 200 to 599")]
    Status(StatusCode),
    #[error(
        "header {0} cannot be sent in an envelope: give it once, in plain ASCII, and leave connection headers to the server"
    )]
    Header(HeaderName),
    #[error("the body has no content-type: name its type")]
    ContentType,
    #[error(
        "the body cannot be sent in an envelope: it must be UTF-8, and no bare date, which the host rewrites"
    )]
    Body,
    #[error("the body broke off, or passes 100 MiB")]
    Incomplete,
    #[error(
        "output `{0}` is not one of the function's, is of another kind, or is given twice: see its registration"
    )]
    Output(&'static str),
    #[error("messages of output `{0}` cannot be sent: {1}")]
    Message(&'static str, UnsupportedMessage),
    #[error("outputs cannot leave without an envelope: look at `CarriesOutputs`")]
    NoEnvelope,
}

/// Makes sure that HTTP can carry an answer as its handler gave it. hyper trusts a `Content-Length` that does not fit the
/// body, and the next answer on the connection would be read from the wrong place. The empty answer to a HEAD request may
/// name the length of the body that a GET request would get.
pub(crate) fn for_http(mut response: Response, request: &Method) -> Result<Response, InvalidResponse> {
    validate_status(response.status())?;
    let length = response.body().size_hint().exact();
    if length.is_some_and(|length| length > 0 || request != Method::HEAD) {
        response.headers_mut().remove(header::CONTENT_LENGTH);
    }
    Ok(response)
}

fn validate_status(status: StatusCode) -> Result<(), InvalidResponse> {
    if (200..600).contains(&status.as_u16()) { Ok(()) } else { Err(InvalidResponse::Status(status)) }
}

/// A response with its whole body.
pub(crate) struct BufferedResponse {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl BufferedResponse {
    /// Reads the body to its end.
    pub(crate) async fn read(response: Response) -> Result<Self, InvalidResponse> {
        let (Parts { status, headers, .. }, body) = response.into_parts();
        let body = Limited::new(body, MAX_BODY_BYTES).collect().await;
        let body = body.map_err(|_| InvalidResponse::Incomplete)?.to_bytes();
        Ok(Self { status, headers, body })
    }

    /// Makes sure that the answer reads the same in every mode.
    pub(crate) fn portable(mut self) -> Result<Self, InvalidResponse> {
        self.headers.remove(header::CONTENT_LENGTH);
        validate_status(self.status)?;
        for name in self.headers.keys() {
            let mut values = self.headers.get_all(name).iter();
            let is_plain =
                |value: &HeaderValue| value.to_str().is_ok_and(|text| !binding::is_rewritten(text));
            let is_single = values.next().is_some_and(is_plain) && values.next().is_none();
            if !is_single || CONNECTION_HEADERS.contains(&name.as_str()) {
                return Err(InvalidResponse::Header(name.clone()));
            }
        }
        if !self.body.is_empty() && !self.headers.contains_key(header::CONTENT_TYPE) {
            return Err(InvalidResponse::ContentType);
        }
        if std::str::from_utf8(&self.body).map_or(true, binding::is_rewritten) {
            return Err(InvalidResponse::Body);
        }
        Ok(self)
    }

    pub(crate) fn into_http(self) -> Response {
        let mut response = Response::new(Body::from(self.body));
        *response.status_mut() = self.status;
        *response.headers_mut() = self.headers;
        response
    }

    /// The answer as the host wants it below `Outputs`, by the name of the http output.
    fn to_output(&self) -> Value {
        let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
        let headers: Map<String, Value> =
            self.headers.iter().map(|(name, value)| (name.to_string(), text(value).into())).collect();
        let body = String::from_utf8_lossy(&self.body);
        json!({"statusCode": self.status.as_u16(), "headers": headers, "body": body})
    }
}

/// An answer with the other outputs, in an envelope.
pub(crate) fn to_envelope(
    answer: &BufferedResponse,
    outputs: Map<String, Value>,
    logs: &[String],
) -> Response {
    let mut all = Map::new();
    all.insert("res".to_owned(), answer.to_output());
    all.extend(outputs);
    success(all, logs)
}

/// Success. The body is never empty: the host would wait for more until it kills the handler.
pub(crate) fn success(outputs: Map<String, Value>, logs: &[String]) -> Response {
    let mut envelope = json!({"Outputs": null, "Logs": logs, "ReturnValue": null});
    // The macro would copy the outputs, which may be megabytes.
    envelope["Outputs"] = Value::Object(outputs);
    json_response(StatusCode::OK, &envelope)
}

/// Failure: the host delivers a message again, waits for a timer's next run, answers a caller with 500.
pub(crate) fn failure() -> Response {
    let body = json!({"error": "the invocation failed, see the log of the handler"});
    json_response(StatusCode::INTERNAL_SERVER_ERROR, &body)
}

pub(crate) fn json_response(status: StatusCode, body: &Value) -> Response {
    let mut response = Response::new(Body::from(to_json(body)));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(JSON));
    response
}

/// The JSON text of a value, in a buffer of its exact size: one that grows would hold an answer of megabytes twice.
fn to_json(value: &Value) -> Vec<u8> {
    let mut length = Length(0);
    let mut written = serde_json::to_writer(&mut length, value);
    let mut text = Vec::with_capacity(length.0);
    written = written.and_then(|()| serde_json::to_writer(&mut text, value));
    debug_assert!(written.is_ok(), "a value with names of strings, in memory");
    text
}

/// Counts what is written to it.
struct Length(usize);

impl io::Write for Length {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
