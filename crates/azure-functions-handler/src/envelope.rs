//! The members of an envelope
//! (<https://learn.microsoft.com/azure/azure-functions/functions-custom-handlers#request-payload>). Values are looked
//! for, never walked: what a caller nested a thousand levels deep and the host copied into `Metadata` is skipped, not
//! followed.

use std::{borrow::Cow, collections::BTreeMap};

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, header::CONTENT_TYPE};
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::{Body, binding};

/// Why an envelope cannot be read. Never contains what was sent.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Malformed {
    /// The sender stopped in the middle.
    Interrupted,
    /// The trigger's value is missing.
    Envelope,
    /// The value is not an HTTP request.
    NotHttp,
    /// The value is an HTTP request, but the function has another trigger.
    Http,
    /// The value is a request that HTTP cannot carry: its method, its URL, or a name or value among its headers.
    NotCarried,
    /// The request has more headers than can be read.
    TooManyHeaders,
}

impl Malformed {
    /// For the log.
    pub(crate) const fn reason(self) -> &'static str {
        match self {
            Self::Interrupted => "the envelope was cut off",
            Self::Envelope => "the envelope has no value for the function's trigger",
            Self::NotHttp => "an HTTP function was given something else than an HTTP request",
            Self::NotCarried => "a method, URL or header of the request cannot be sent in HTTP",
            Self::TooManyHeaders => "the request has too many headers",
            Self::Http => "a queue or timer function was given an HTTP request",
        }
    }
}

/// A caller's request as the envelope describes it.
pub(crate) struct Request {
    pub(crate) method: Method,
    /// As the caller sent it, still percent-encoded.
    pub(crate) path: String,
    pub(crate) query: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Body,
}

#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(borrow, rename = "Data")]
    data: BTreeMap<Cow<'a, str>, &'a RawValue>,
    #[serde(borrow, rename = "Metadata")]
    metadata: Option<&'a RawValue>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct HttpRequestData<'a> {
    url: String,
    method: String,
    headers: BTreeMap<String, HeaderValues>,
    #[serde(borrow)]
    body: Option<&'a RawValue>,
}

/// The values of one header: real hosts send a list.
#[derive(Deserialize)]
#[serde(untagged)]
enum HeaderValues {
    Many(Vec<String>),
    One(String),
}

/// The HTTP request that triggered the function.
pub(crate) fn http(envelope: &Bytes, binding: &str) -> Result<Request, Malformed> {
    let Envelope { data, .. } = parse(envelope)?;
    let value = unquote(data.get(binding).ok_or(Malformed::Envelope)?);
    let request: HttpRequestData = serde_json::from_str(&value).map_err(|_| Malformed::NotHttp)?;
    let (path, query) = path_and_query(&request.url).ok_or(Malformed::NotCarried)?;
    Ok(Request {
        method: Method::from_bytes(request.method.as_bytes()).map_err(|_| Malformed::NotCarried)?,
        path: path.to_owned(),
        query: query.to_owned(),
        headers: headers(request.headers)?,
        body: request.body.map_or(Body::Absent, body),
    })
}

/// The message that triggered the function, and how often it was delivered so far.
pub(crate) fn queue_message(envelope: &Bytes, binding: &str) -> Result<(Bytes, Option<u32>), Malformed> {
    let Envelope { data, metadata } = parse(envelope)?;
    let value = data.get(binding).ok_or(Malformed::Envelope)?;
    if is_http(value) {
        Err(Malformed::Http)
    } else {
        Ok((binding::message(binding::payload(value)), metadata.and_then(dequeue_count)))
    }
}

/// Whether a timer triggered the function.
pub(crate) fn timer(envelope: &Bytes, binding: &str) -> Result<(), Malformed> {
    let Envelope { data, .. } = parse(envelope)?;
    let value = data.get(binding).ok_or(Malformed::Envelope)?;
    if is_http(value) {
        return Err(Malformed::Http);
    }
    if unquote(value).starts_with('{') { Ok(()) } else { Err(Malformed::Envelope) }
}

/// JSON text of the trigger's value and of `Metadata`.
pub(crate) fn members(envelope: &Bytes, binding: &str) -> Result<(String, String), Malformed> {
    let Envelope { data, metadata } = parse(envelope)?;
    let value = data.get(binding).ok_or(Malformed::Envelope)?;
    let metadata = metadata.map_or("{}", RawValue::get);
    Ok((value.get().to_owned(), metadata.to_owned()))
}

fn parse(envelope: &Bytes) -> Result<Envelope<'_>, Malformed> {
    serde_json::from_slice(envelope).map_err(|_| Malformed::Envelope)
}

/// The JSON text of a value, which may be sent directly or within a string.
fn unquote(value: &RawValue) -> Cow<'_, str> {
    serde_json::from_str::<String>(value.get()).map_or(Cow::Borrowed(value.get()), Cow::Owned)
}

fn is_http(value: &RawValue) -> bool {
    let members: BTreeMap<Cow<str>, &RawValue> = serde_json::from_str(value.get()).unwrap_or_default();
    ["Url", "Method", "Headers"].iter().all(|member| members.contains_key(*member))
}

/// A diagnostic, for a payload can overwrite it.
fn dequeue_count(metadata: &RawValue) -> Option<u32> {
    let members: BTreeMap<Cow<str>, &RawValue> = serde_json::from_str(metadata.get()).ok()?;
    unquote(members.get("DequeueCount")?).trim_matches('"').parse().ok()
}

/// Whether the host sends a body of this type as Base64.
pub(crate) fn is_binary(headers: &HeaderMap) -> bool {
    let kind = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    kind == "application/octet-stream" || kind.starts_with("multipart/")
}

fn path_and_query(url: &str) -> Option<(&str, &str)> {
    let target = if url.starts_with('/') {
        url
    } else {
        let (_, rest) = url.split_once("://")?;
        rest.find(['/', '?']).map_or("/", |start| &rest[start..])
    };
    Some(target.split_once('?').unwrap_or((target, "")))
}

fn headers(request: BTreeMap<String, HeaderValues>) -> Result<HeaderMap, Malformed> {
    let mut headers = HeaderMap::new();
    for (name, values) in request {
        let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| Malformed::NotCarried)?;
        let values = match values {
            HeaderValues::Many(values) => values,
            HeaderValues::One(value) => vec![value],
        };
        for text in values {
            // Beyond a number of names, appending to a header map panics.
            let value = HeaderValue::from_bytes(text.as_bytes()).map_err(|_| Malformed::NotCarried)?;
            headers.try_append(&name, value).map_err(|_| Malformed::TooManyHeaders)?;
        }
    }
    Ok(headers)
}

fn body(value: &RawValue) -> Body {
    match unquote(value) {
        text if text.is_empty() => Body::Absent,
        text => Body::Whole(text.into_owned().into()),
    }
}
