//! Proxy mode: the request itself, streamed both ways.

// The host: docs/reference/host-protocol.md#proxying.

use std::net::SocketAddr;

use http::{HeaderMap, HeaderName, HeaderValue, Request, Response, StatusCode, Uri, header, request};
use uuid::Uuid;

use super::{
    Failure,
    call::Call,
    headers::{self, HOST_VERSION, HOST_VERSION_NAME, INVOCATION_ID},
    worker_connection::{self, WorkerConnection},
};
use crate::body::{self, Body};
use crate::path;

const HOP_BY_HOP: [&str; 11] = [
    "connection",
    "transfer-encoding",
    "keep-alive",
    "upgrade",
    "proxy-connection",
    "proxy-authenticate",
    "proxy-authentication-info",
    "proxy-authorization",
    "te",
    "upgrade-insecure-requests",
    "alt-svc",
];

/// Headers that name a caller before the proxy; the proxy replaces them.
const FORWARDED: [&str; 5] =
    ["forwarded", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-forwarded-prefix"];

/// Sends the call on and returns the answer, its body still to come.
pub(super) async fn run(call: Call, worker: &WorkerConnection, id: Uuid) -> Result<Response<Body>, Failure> {
    if let Some(name) = headers::not_ascii(&call.parts.headers) {
        return Err(Failure::new(format!("the request header {name} is not ASCII, which the proxy refuses")));
    }
    let head = head(&call, worker.address, id)?;
    let answer = if call.has_body() {
        worker_connection::send(worker, with_body(head, call.body)).await
    } else {
        drop(call.body);
        worker_connection::send_as_proxy(worker, || with_body(head.clone(), body::empty())).await
    };
    answer_of(answer?)
}

fn with_body(head: request::Parts, body: Body) -> Request<Body> {
    Request::from_parts(head, body)
}

fn head(call: &Call, address: SocketAddr, id: Uuid) -> Result<request::Parts, Failure> {
    let path = path::proxied(&call.path);
    let query =
        call.parts.uri.query().map(|query| format!("?{}", path::uri_escape(query))).unwrap_or_default();
    let uri = Uri::try_from(format!("{path}{query}"))
        .map_err(|error| Failure::new(format!("the path cannot be sent on: {error}")))?;
    let (mut head, ()) = Request::new(()).into_parts();
    head.method = call.parts.method.clone();
    head.uri = uri;
    head.headers = request_headers(call, address, id);
    Ok(head)
}

fn request_headers(call: &Call, address: SocketAddr, id: Uuid) -> HeaderMap {
    let inbound = &call.parts.headers;
    let mut out = headers::joined(inbound);
    for name in HOP_BY_HOP.into_iter().chain(FORWARDED) {
        out.remove(name);
    }
    set(&mut out, header::HOST, &address.to_string());
    set(&mut out, HOST_VERSION_NAME, HOST_VERSION);
    set(&mut out, INVOCATION_ID, &id.to_string());
    set(&mut out, HeaderName::from_static("x-ms-invocation-id"), &id.to_string());
    // Every caller is on this machine: the host listens on the loopback address alone.
    set(&mut out, HeaderName::from_static("x-forwarded-for"), "127.0.0.1");
    if let Some(host) = inbound.get(header::HOST) {
        out.insert(HeaderName::from_static("x-forwarded-host"), host.clone());
    }
    set(&mut out, HeaderName::from_static("x-forwarded-proto"), "http");
    if call.is_chunked() {
        set(&mut out, header::TRANSFER_ENCODING, "chunked");
        out.remove(header::CONTENT_LENGTH);
    } else if !call.has_body() && headers::wants_length(&call.parts.method) {
        set(&mut out, header::CONTENT_LENGTH, "0");
    }
    out
}

fn set(headers: &mut HeaderMap, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(name, value);
    }
}

fn answer_of(answer: Response<Body>) -> Result<Response<Body>, Failure> {
    if let Some(name) = headers::not_ascii(answer.headers()) {
        return Err(Failure::violation(format!(
            "the answer's header {name} is not ASCII, so the caller gets 500; encode its value"
        )));
    }
    if answer.status() == StatusCode::SWITCHING_PROTOCOLS {
        return Err(Failure::violation(
            "the answer must not switch protocols: the proxy does not support it",
        ));
    }
    let (mut parts, incoming) = answer.into_parts();
    for name in HOP_BY_HOP {
        parts.headers.remove(name);
    }
    let body = if parts.status == StatusCode::NOT_MODIFIED {
        // The `Content-Length` announces a body that does not come.
        body::streamed("")
    } else {
        incoming
    };
    Ok(Response::from_parts(parts, body))
}
