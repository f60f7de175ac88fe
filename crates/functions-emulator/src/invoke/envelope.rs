//! Envelope requests.

// The host: docs/reference/host-protocol.md#envelope-requests and docs/reference/host-protocol.md#http-trigger.

mod names;

use std::{collections::BTreeMap, net::SocketAddr};

use base64::{Engine, engine::general_purpose::STANDARD};
use http::{HeaderMap, HeaderValue, Method, Request, header};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::{Failure, call::Call, headers, metadata};
use crate::{
    app::Function,
    body::{self, Body},
    clock::Clock,
};
use crate::{path, query::Query};

/// `Data` and `Metadata` of an HTTP call.
pub(super) async fn for_http(
    function: &Function,
    mut call: Call,
    clock: &Clock,
) -> Result<(Map<String, Value>, Map<String, Value>), Failure> {
    let bytes = call.read_body().await?;
    let query = Query::parse(call.parts.uri.query().unwrap_or_default());
    let headers = header_lines(&call.parts.headers);
    let text = text_body(&call.parts.headers, &bytes);
    let metadata = metadata::for_http(function, &call, &query, &headers, text.as_deref().ok(), clock);
    let mut request = json!({
        "Url": url(&call),
        "Method": call.parts.method.as_str(),
        "Query": query.joined().collect::<BTreeMap<_, _>>(),
        "Headers": headers.into_iter().collect::<BTreeMap<_, _>>(),
        "Params": call.params.into_iter().collect::<BTreeMap<_, _>>(),
        "Identities": call.identities,
    });
    if !bytes.is_empty() {
        request["Body"] = text.unwrap_or_else(|base64| base64).into();
    }
    Ok((Map::from_iter([(function.trigger.binding.clone(), request)]), metadata))
}

/// The request that carries an envelope. The body reports no length, so it travels in chunks, as in Azure; Core Tools
/// trace it, and so know its length.
pub(super) fn request(
    function: &Function,
    address: SocketAddr,
    envelope: &Value,
    in_core_tools: bool,
    id: Uuid,
) -> Result<Request<Body>, Failure> {
    let text = envelope.to_string();
    let mut request = Request::new(if in_core_tools { body::sized(text) } else { body::streamed(text) });
    *request.method_mut() = Method::POST;
    *request.uri_mut() = format!("/{}", function.name)
        .parse()
        .map_err(|error| Failure::new(format!("the function's name cannot be a path: {error}")))?;
    let host = HeaderValue::try_from(address.to_string()).map_err(|error| Failure::new(error.to_string()))?;
    let out = request.headers_mut();
    out.insert(header::HOST, host);
    headers::add_host_headers(out, id);
    out.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json; charset=utf-8"));
    Ok(request)
}

fn url(call: &Call) -> String {
    let host = call.parts.headers.get(header::HOST).map(HeaderValue::as_bytes).unwrap_or_default();
    let query = call.parts.uri.query().filter(|query| !query.is_empty());
    let query = query.map(|query| format!("?{query}")).unwrap_or_default();
    format!("http://{}{}{query}", String::from_utf8_lossy(host), path::displayed(&call.path))
}

/// Every name with its lines, in Kestrel's spelling.
fn header_lines(headers: &HeaderMap) -> Vec<(String, Vec<String>)> {
    let lines = |name| {
        let values = headers.get_all(name).iter();
        values.map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned()).collect()
    };
    headers.keys().map(|name| (names::canonical_name(name), lines(name))).collect()
}

/// The body as text, or as base64 (the error side) for the two kinds of content that the host takes for binary.
fn text_body(headers: &HeaderMap, bytes: &[u8]) -> Result<String, String> {
    let media = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let media = media.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    if media == "application/octet-stream" || media.starts_with("multipart/") {
        return Err(STANDARD.encode(bytes));
    }
    Ok(String::from_utf8_lossy(bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes)).into_owned())
}
