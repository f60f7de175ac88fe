//! From the worker's answer to the caller's.

// The host: docs/reference/host-protocol.md#http-output.

mod write;

use http::{HeaderValue, Response, StatusCode, header};

use super::{Failure, binding_value, envelope_response::EnvelopeResponse, queue_output::decode_base64};
use crate::{
    app::{Function, OutputKind},
    body::{self, Body, status_only},
    net_json::Json,
};
pub(super) use write::HttpResult;
use write::{HttpOutput, PLAIN, framed, write};

/// Builds the caller's answer.
pub(super) fn response(function: &Function, answer: &EnvelopeResponse) -> Result<HttpResult, Failure> {
    let http = function.outputs.iter().find(|output| matches!(output.kind, OutputKind::Http));
    let Some(output) = http else { return Ok((return_value_response(&answer.return_value), None)) };
    if output.binding == binding_value::RETURN {
        return Ok(match &answer.return_value {
            Json::Null => (status_only(StatusCode::NO_CONTENT), None),
            value => convert_loosely(value),
        });
    }
    if let Some(value) = binding_value::overridden(function, answer, &output.binding) {
        return Ok(convert_loosely(value));
    }
    match (binding_value::value(function, answer, &output.binding), &answer.outputs) {
        (Some(value), _) => Ok(write(&parse_http_output(value)?)),
        (None, Some(_)) => Ok(convert_loosely(&Json::Object(Vec::new()))),
        (None, None) => Ok((return_value_response(&answer.return_value), None)),
    }
}

/// Reads an `http` output strictly: an object, or a text that holds one.
pub(super) fn parse_http_output(value: &Json) -> Result<HttpOutput, Failure> {
    let inner = match value {
        Json::Text(text) => Json::parse(text).ok(),
        other => Some(other.clone()),
    };
    let described = inner.as_ref().filter(|inner| matches!(inner, Json::Object(_))).and_then(parse_strictly);
    described.ok_or_else(|| {
        Failure::violation(
            "the http output is no response object (host issue 6644); \
             send {\"statusCode\":200,\"headers\":{…},\"body\":\"…\"} or leave it out",
        )
    })
}

fn parse_strictly(value: &Json) -> Option<HttpOutput> {
    let status = match value.get_any_case("statusCode") {
        None | Some(Json::Null) => None,
        Some(Json::List(_) | Json::Object(_)) => return None,
        Some(float @ Json::Float(_)) => Some(float.compact()),
        Some(status) => Some(status.shown()),
    };
    let headers = match value.get_any_case("headers") {
        None | Some(Json::Null) => Vec::new(),
        Some(Json::Object(members)) => members.clone(),
        Some(_) => return None,
    };
    Some(HttpOutput { status, headers, body: value.get_any_case("body").cloned().unwrap_or(Json::Null) })
}

/// Reads a value that is not bound to a response object: status and headers count only beside a `body`
/// (host issue 3191), and a text may be base64 or a response object itself.
fn convert_loosely(value: &Json) -> HttpResult {
    if let Json::Text(text) = value {
        if let Some(bytes) = decode_base64(text) {
            return (Response::new(framed(bytes.into())), None);
        }
        if let Ok(inner @ Json::Object(_)) = Json::parse(text) {
            return convert_loosely(&inner);
        }
    }
    let Some(content) = value.get_any_case("body") else {
        return write(&HttpOutput { status: None, headers: Vec::new(), body: value.clone() });
    };
    let status = value.get_any_case("statusCode").or_else(|| value.get_any_case("status"));
    write(&HttpOutput {
        status: status.map(Json::shown),
        headers: value.get_any_case("headers").map(|headers| headers.members().to_vec()).unwrap_or_default(),
        body: content.clone(),
    })
}

/// The response that the host makes of `ReturnValue` where no binding takes it.
fn return_value_response(value: &Json) -> Response<Body> {
    let (kind, body) = match value {
        Json::Null => return status_only(StatusCode::NO_CONTENT),
        Json::Text(text) => (PLAIN, framed(text.clone().into())),
        other => ("application/json; charset=utf-8", body::sized(other.compact())),
    };
    let mut answer = Response::new(body);
    answer.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    answer
}
