//! Converts a described response to the one that the caller gets.

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode, header};

use crate::{
    body::{self, Body, status_only},
    invoke::headers::content_length,
    net_json::Json,
};

/// The caller's answer, and what the worker did wrong where the host answers by itself.
pub(in crate::invoke) type HttpResult = (Response<Body>, Option<String>);

pub(super) const PLAIN: &str = "text/plain; charset=utf-8";

/// The response that an `http` output describes.
#[derive(Debug)]
pub(in crate::invoke) struct HttpOutput {
    pub(super) status: Option<String>,
    pub(super) headers: Vec<(String, Json)>,
    pub(super) body: Json,
}

/// Writes the response. A value that .NET cannot write becomes 500 with the headers so far.
pub(super) fn write(described: &HttpOutput) -> HttpResult {
    let (mut headers, fault) = write_headers(&described.headers);
    let status = match status(described.status.as_deref()) {
        Ok(status) if fault.is_none() => status,
        outcome => {
            headers.remove(header::CONTENT_LENGTH);
            let mut answer = status_only(StatusCode::INTERNAL_SERVER_ERROR);
            *answer.headers_mut() = headers;
            return (answer, fault.or(outcome.err()));
        }
    };
    headers.insert(header::CONTENT_TYPE, content_type(headers.get(header::CONTENT_TYPE)));
    let (body, fault) = body_for(described.body.shown().into(), status, &headers);
    let mut answer = Response::new(body);
    *answer.status_mut() = status;
    *answer.headers_mut() = headers;
    (answer, fault)
}

/// A value that is no whole number counts as 200.
fn status(described: Option<&str>) -> Result<StatusCode, String> {
    let number = described.and_then(|text| text.trim().parse::<i64>().ok()).unwrap_or(200);
    let status = u16::try_from(number).ok().filter(|number| *number >= 200);
    let status = status.and_then(|number| StatusCode::from_u16(number).ok());
    status.ok_or_else(|| format!("statusCode {number} must be between 200 and 599"))
}

/// A Content-Length is used as it was given, so a wrong one breaks the caller's connection.
fn body_for(content: Bytes, status: StatusCode, headers: &HeaderMap) -> (Body, Option<String>) {
    if [StatusCode::NO_CONTENT, StatusCode::NOT_MODIFIED].contains(&status) {
        return (body::streamed(""), None);
    }
    let Some(length) = content_length(headers) else { return (framed(content), None) };
    if length == content.len() as u64 {
        return (body::streamed(content), None);
    }
    let what = format!(
        "the header content-length says {length}, but the body has {} bytes, which breaks the caller's connection; \
         leave the header out",
        content.len()
    );
    (body::broken(if length > content.len() as u64 { content } else { Bytes::new() }), Some(what))
}

/// Content of unknown length travels in chunks; empty content has length 0.
pub(super) fn framed(content: Bytes) -> Body {
    if content.is_empty() { body::empty() } else { body::streamed(content) }
}

/// The first line of a name wins. At the first value that .NET does not take, the lines so far stay and the
/// caller gets 500.
fn write_headers(described: &[(String, Json)]) -> (HeaderMap, Option<String>) {
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
                "the header \"{name}\" must be plain ASCII text on one line, so the caller gets 500; \
                 send one text a header"
            );
            return (headers, Some(what));
        };
        if name != header::TRANSFER_ENCODING {
            headers.entry(name).or_insert(line);
        }
    }
    (headers, None)
}

/// The type as the host completes it: its charset is always UTF-8.
fn content_type(given: Option<&HeaderValue>) -> HeaderValue {
    let Some(given) = given.and_then(|given| given.to_str().ok()) else {
        return HeaderValue::from_static(PLAIN);
    };
    let is_charset = |parameter: &&str| parameter.trim_start().to_ascii_lowercase().starts_with("charset=");
    let kept: Vec<&str> = given.split(';').filter(|parameter| !is_charset(parameter)).collect();
    HeaderValue::try_from(format!("{}; charset=utf-8", kept.join(";")))
        .unwrap_or_else(|_| HeaderValue::from_static(PLAIN))
}
