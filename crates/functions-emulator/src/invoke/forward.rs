//! Forward mode: a copy of the request, buffered both ways.

// The host: docs/reference/host-protocol.md#forwarding.

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Request, Response, StatusCode, Uri, header, request};
use hyper::ext::ReasonPhrase;
use uuid::Uuid;

use super::{
    Failure, HttpResult,
    call::Call,
    envelope_response, headers,
    read_body::{MAX_ANSWER_BYTES, read_whole},
    worker_connection::{self, WorkerConnection},
};
use crate::body::{self, Body};
use crate::{path, query::Query};

/// Headers that describe the content; forward mode copies only its type and length.
const CONTENT: [HeaderName; 10] = [
    header::CONTENT_ENCODING,
    header::CONTENT_DISPOSITION,
    header::CONTENT_LANGUAGE,
    header::CONTENT_LOCATION,
    header::CONTENT_RANGE,
    HeaderName::from_static("content-md5"),
    header::EXPIRES,
    header::LAST_MODIFIED,
    header::ALLOW,
    header::CONTENT_TYPE,
];

/// Sends the call on and returns the whole answer.
pub(super) async fn run(mut call: Call, worker: &WorkerConnection, id: Uuid) -> Result<HttpResult, Failure> {
    let bytes = call.read_body().await?;
    if call.is_chunked() {
        return Err(Failure::violation(
            "the upload is chunked, which forward mode cannot pass on (host issue 4926); \
             set enableProxyingHttpRequest or send a Content-Length",
        ));
    }
    if let Some(name) = headers::not_ascii(&call.parts.headers) {
        return Err(Failure::new(format!(
            "the request header {name} is not ASCII, which forward mode refuses"
        )));
    }
    let head = head(&call, id, bytes.len())?;
    let make = || {
        let body = if bytes.is_empty() { body::empty() } else { body::sized(bytes.clone()) };
        Request::from_parts(head.clone(), body)
    };
    let answer = if bytes.is_empty() && !headers::wants_length(&call.parts.method) {
        worker_connection::send_with_retries(worker, make).await
    } else {
        worker_connection::send(worker, make()).await
    };
    let (parts, incoming) = answer?.into_parts();
    let bytes = read_whole(incoming, MAX_ANSWER_BYTES)
        .await
        .map_err(|failure| envelope_response::truncated(&failure))?;
    Ok(answer_of(parts, bytes, call.parts.method == http::Method::HEAD))
}

fn head(call: &Call, id: Uuid, length: usize) -> Result<request::Parts, Failure> {
    let query = Query::parse(call.parts.uri.query().unwrap_or_default()).rebuilt();
    let uri = Uri::try_from(format!("{}{query}", path::forwarded(&call.path)))
        .map_err(|error| Failure::new(format!("the path cannot be sent on: {error}")))?;
    let (mut head, ()) = Request::new(()).into_parts();
    head.method = call.parts.method.clone();
    head.uri = uri;
    head.headers = request_headers(call, id, length);
    Ok(head)
}

fn request_headers(call: &Call, id: Uuid, length: usize) -> HeaderMap {
    let mut out = headers::joined(&call.parts.headers);
    for name in CONTENT {
        out.remove(name);
    }
    out.remove(header::CONTENT_LENGTH);
    if let Some(connection) = out.remove(header::CONNECTION)
        && let Some(kept) = first_token(&connection)
    {
        out.insert(header::CONNECTION, kept);
    }
    if length > 0 {
        out.insert(header::CONTENT_LENGTH, HeaderValue::from(length));
        if let Some(kind) = call.parts.headers.get(header::CONTENT_TYPE) {
            out.insert(header::CONTENT_TYPE, kind.clone());
        }
    } else if headers::wants_length(&call.parts.method) {
        out.insert(header::CONTENT_LENGTH, HeaderValue::from(0));
    }
    headers::add_host_headers(&mut out, id);
    out
}

fn first_token(connection: &HeaderValue) -> Option<HeaderValue> {
    let token = connection.to_str().ok()?.split(',').next()?.trim();
    HeaderValue::from_str(token).ok()
}

fn answer_of(mut parts: http::response::Parts, bytes: Bytes, is_head: bool) -> HttpResult {
    if let Some(name) = headers::not_ascii(&parts.headers) {
        let what =
            format!("the answer's header {name} is not ASCII, so the caller gets 500; encode its value");
        return (refused(&parts), Some(what));
    }
    parts.headers.remove(header::TRANSFER_ENCODING);
    let empty: Vec<HeaderName> =
        parts.headers.iter().filter(|(_, value)| value.is_empty()).map(|(name, _)| name.clone()).collect();
    for name in empty {
        parts.headers.remove(name);
    }
    let body = if bytes.is_empty() && (is_head || parts.status == StatusCode::NOT_MODIFIED) {
        body::streamed(bytes)
    } else {
        parts.headers.remove(header::CONTENT_LENGTH);
        body::sized(bytes)
    };
    (Response::from_parts(parts, body), None)
}

/// The caller's view of an answer that the host cannot copy: the reason phrase is kept.
fn refused(parts: &http::response::Parts) -> Response<Body> {
    let mut answer = Response::new(body::empty());
    *answer.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
    let usual = || ReasonPhrase::try_from(parts.status.canonical_reason()?.as_bytes()).ok();
    if let Some(reason) = parts.extensions.get().cloned().or_else(usual) {
        answer.extensions_mut().insert(reason);
    }
    answer
}
