//! From the worker's answer to the caller's (protocol sheet §4.3).

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode, header};

use super::{Failure, answer::Answer, outputs, queue_output::sniffed, status_only};
use crate::{
    app::{Function, OutputKind},
    body::{self, Body},
    net_json::Json,
};

const PLAIN: &str = "text/plain; charset=utf-8";

/// The caller's answer, and what the worker did wrong where the host answers 500 by itself.
pub(super) type Written = (Response<Body>, Option<String>);

/// The response that an `http` output describes.
#[derive(Debug)]
pub(super) struct Described {
    status: Option<String>,
    headers: Vec<(String, Json)>,
    body: Json,
}

/// Builds the caller's answer.
pub(super) fn response(function: &Function, answer: &Answer) -> Result<Written, Failure> {
    let http = function.outputs.iter().find(|output| matches!(output.kind, OutputKind::Http));
    let Some(output) = http else { return Ok((returned(&answer.return_value), None)) };
    if output.binding == outputs::RETURN {
        return Ok(match &answer.return_value {
            Json::Null => (status_only(StatusCode::NO_CONTENT), None),
            value => loosely(value),
        });
    }
    if let Some(value) = outputs::overridden(function, answer, &output.binding) {
        return Ok(loosely(value));
    }
    match (outputs::value(function, answer, &output.binding), &answer.outputs) {
        (Some(value), _) => Ok(write(&converted(value)?)),
        (None, Some(_)) => Ok(loosely(&Json::Object(Vec::new()))),
        (None, None) => Ok((returned(&answer.return_value), None)),
    }
}

/// Reads an `http` output strictly: an object, or a text that holds one.
pub(super) fn converted(value: &Json) -> Result<Described, Failure> {
    let inner = match value {
        Json::Text(text) => Json::parse(text).ok(),
        other => Some(other.clone()),
    };
    let described = inner.as_ref().filter(|inner| matches!(inner, Json::Object(_))).and_then(strictly);
    described.ok_or_else(|| {
        Failure::mistake(
            "the http output is no response object (host issue 6644); \
             send {\"statusCode\":200,\"headers\":{…},\"body\":\"…\"} or leave it out",
        )
    })
}

fn strictly(value: &Json) -> Option<Described> {
    let status = match value.get_any_case("statusCode") {
        None | Some(Json::Null) => None,
        Some(Json::List(_) | Json::Object(_)) => return None,
        Some(status) => Some(status.shown()),
    };
    let headers = match value.get_any_case("headers") {
        None | Some(Json::Null) => Vec::new(),
        Some(Json::Object(members)) => members.clone(),
        Some(_) => return None,
    };
    Some(Described { status, headers, body: value.get_any_case("body").cloned().unwrap_or(Json::Null) })
}

/// Reads a value that is not bound to a response object: status and headers count only beside a `body`
/// (host issue 3191), and a text may be base64 or a response object itself.
fn loosely(value: &Json) -> Written {
    if let Json::Text(text) = value {
        if let Some(bytes) = sniffed(text) {
            return (Response::new(framed(bytes.into())), None);
        }
        if let Some(inner @ Json::Object(_)) = Json::parse(text).ok() {
            return loosely(&inner);
        }
    }
    let Some(content) = value.get_any_case("body") else {
        return write(&Described { status: None, headers: Vec::new(), body: value.clone() });
    };
    let status = value.get_any_case("statusCode").or_else(|| value.get_any_case("status"));
    write(&Described {
        status: status.map(Json::shown),
        headers: value.get_any_case("headers").map(|headers| headers.members().to_vec()).unwrap_or_default(),
        body: content.clone(),
    })
}

/// What the host makes of `ReturnValue` where no binding takes it.
fn returned(value: &Json) -> Response<Body> {
    let (kind, body) = match value {
        Json::Null => return status_only(StatusCode::NO_CONTENT),
        Json::Text(text) => (PLAIN, framed(text.clone().into())),
        other => ("application/json; charset=utf-8", body::sized(other.compact())),
    };
    let mut answer = Response::new(body);
    answer.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    answer
}

fn write(described: &Described) -> Written {
    let (mut headers, fault) = match write_headers(&described.headers) {
        Ok(headers) => (headers, None),
        Err((headers, what)) => (headers, Some(what)),
    };
    let status = match described.status.as_deref().map(|text| text.trim().parse::<i64>()) {
        Some(Ok(number)) => u16::try_from(number).ok().filter(|number| (200..1000).contains(number)),
        _ => Some(200),
    };
    let status = status.and_then(|number| StatusCode::from_u16(number).ok());
    let fault = fault.or_else(|| {
        status.is_none().then(|| {
            format!("statusCode {} is none that HTTP knows; use 200 to 599", described.status.as_deref().unwrap_or(""))
        })
    });
    let (Some(status), None) = (status, &fault) else {
        let mut answer = status_only(StatusCode::INTERNAL_SERVER_ERROR);
        *answer.headers_mut() = headers;
        return (answer, fault);
    };
    headers.insert(header::CONTENT_TYPE, content_type(headers.get(header::CONTENT_TYPE)));
    let content: Bytes = described.body.shown().into();
    let forbidden = [StatusCode::NO_CONTENT, StatusCode::NOT_MODIFIED].contains(&status);
    let body = if headers.contains_key(header::CONTENT_LENGTH) {
        body::streamed(content)
    } else if forbidden {
        body::empty()
    } else {
        framed(content)
    };
    let mut answer = Response::new(body);
    *answer.status_mut() = status;
    *answer.headers_mut() = headers;
    (answer, None)
}

/// Content of unknown length travels in chunks; none at all says so.
fn framed(content: Bytes) -> Body {
    if content.is_empty() { body::empty() } else { body::streamed(content) }
}

/// The first line of a name wins. At the first value that .NET does not take, the lines so far stay and the
/// caller gets 500.
fn write_headers(described: &[(String, Json)]) -> Result<HeaderMap, (HeaderMap, String)> {
    let mut headers = HeaderMap::new();
    for (name, value) in described {
        let line = match value {
            Json::Null | Json::List(_) | Json::Object(_) => None,
            scalar => Some(scalar.shown()).filter(|text| text.is_ascii()),
        };
        let length = |line: &str| !name.eq_ignore_ascii_case("content-length") || line.parse::<u64>().is_ok();
        let line = line.filter(|line| length(line)).and_then(|line| HeaderValue::try_from(line).ok());
        let (Ok(name), Some(line)) = (HeaderName::try_from(name), line) else {
            let what = format!(
                "the header \"{name}\" is no plain ASCII text on one line, so the caller gets 500; \
                 send one text a header (protocol sheet §4.3)"
            );
            return Err((headers, what));
        };
        if name != header::TRANSFER_ENCODING {
            headers.entry(name).or_insert(line);
        }
    }
    Ok(headers)
}

/// The type as the host completes it: its charset is always UTF-8.
fn content_type(given: Option<&HeaderValue>) -> HeaderValue {
    let Some(given) = given.and_then(|given| given.to_str().ok()) else { return HeaderValue::from_static(PLAIN) };
    let is_charset = |parameter: &&str| parameter.trim_start().to_ascii_lowercase().starts_with("charset=");
    let kept: Vec<&str> = given.split(';').filter(|parameter| !is_charset(parameter)).collect();
    HeaderValue::try_from(format!("{}; charset=utf-8", kept.join(";")))
        .unwrap_or_else(|_| HeaderValue::from_static(PLAIN))
}
