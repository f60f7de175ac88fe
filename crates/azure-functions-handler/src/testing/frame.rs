//! Envelopes as the Functions host frames them.

use std::collections::BTreeMap;

use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, header, request::Parts};
use serde_json::{Map, Value, json};

use crate::{endpoint::BoundFunction, envelope, function::Kind, ids, params::query_pairs, route};

const HOST_VERSION: &str = "4.1037.0.0";
/// A moment, for what no handler is to rely on.
const NOW: &str = "2026-01-01T00:00:00+00:00";

/// The headers that the host adds to what the caller sent.
pub(super) fn add_host_headers(headers: &mut HeaderMap) {
    let agent = HeaderValue::from_static("Azure-Functions-Host/4.1037.0.0");
    headers.insert("x-azure-functions-hostversion", HeaderValue::from_static(HOST_VERSION));
    if let Ok(id) = HeaderValue::try_from(ids::new_invocation_id().to_string()) {
        headers.append(ids::INVOCATION_ID, id);
    }
    headers.entry(header::USER_AGENT).or_insert(agent);
}

/// `Data` and `Metadata`, with what the host adds for every trigger.
pub(super) fn envelope(function: &BoundFunction, data: &Value, mut metadata: Map<String, Value>) -> Value {
    let sys = json!({
        "MethodName": function.name,
        "UtcNow": "2026-01-01T00:00:00Z",
        "RandGuid": ids::new_invocation_id().to_string(),
    });
    metadata.entry("sys").or_insert(sys);
    json!({"Data": {function.binding: data}, "Metadata": metadata})
}

/// An HTTP request: headers as lists of lines, a body of bytes as Base64, no `Body` where there is none.
pub(super) fn http(
    function: &BoundFunction,
    parts: &Parts,
    params: &[(&'static str, String)],
    body: &Bytes,
) -> Value {
    let mut headers: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for (name, value) in &parts.headers {
        headers.entry(name.as_str()).or_default().push(lossy(value.as_bytes()));
    }
    headers.entry("host").or_insert_with(|| vec!["localhost".to_owned()]);
    let query = joined_query(parts.uri.query().unwrap_or_default());
    let all_query: Map<String, Value> =
        query.iter().map(|(name, value)| (name.clone(), value.clone().into())).collect();
    let names = match &function.kind {
        Kind::Http(http) => route::parameter_names(http.route),
        _ => route::parameter_names(""),
    };
    let mut all_params: Map<String, Value> = names.map(|name| (name.to_owned(), Value::Null)).collect();
    all_params.extend(params.iter().map(|(name, value)| ((*name).to_owned(), value.clone().into())));
    let host = headers["host"][0].clone();
    let mut request = json!({
        "Url": format!("http://{host}{}", parts.uri),
        "Method": parts.method.as_str(),
        "Query": all_query,
        "Headers": headers,
        "Params": all_params,
        "Identities": [no_identity()],
    });
    if !body.is_empty() {
        let is_binary = envelope::is_binary(&parts.headers);
        let text = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
        request["Body"] = if is_binary { STANDARD.encode(body) } else { lossy(text) }.into();
    }
    let mut metadata = Map::new();
    // The last value of each name.
    let mut last: Map<String, Value> = Map::new();
    for (name, value) in query_pairs(parts.uri.query().unwrap_or_default()) {
        let known = query.iter().map(|(known, _)| known).find(|known| known.eq_ignore_ascii_case(&name));
        last.insert(known.cloned().unwrap_or(name), value.into());
    }
    let shown = last.iter().filter(|(name, _)| !name.eq_ignore_ascii_case("code"));
    metadata.extend(shown.map(|(name, value)| (name.clone(), value.to_string().into())));
    metadata.extend(params.iter().map(|(name, value)| ((*name).to_owned(), quoted(value))));
    metadata.insert("Query".to_owned(), last.into());
    let joined: BTreeMap<&str, String> =
        headers.into_iter().map(|(name, lines)| (name, lines.join(","))).collect();
    metadata.insert("Headers".to_owned(), json!(joined));
    envelope(function, &request, metadata)
}

/// A caller without a key and without a principal.
fn no_identity() -> Value {
    json!({
        "AuthenticationType": null,
        "IsAuthenticated": false,
        "Actor": null,
        "BootstrapContext": null,
        "Claims": [],
        "Label": null,
        "Name": null,
        "NameClaimType": "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/name",
        "RoleClaimType": "http://schemas.microsoft.com/ws/2008/06/identity/claims/role",
    })
}

/// A message of a queue whose binding has `dataType` binary.
pub(super) fn queue(function: &BoundFunction, message: &Bytes) -> Value {
    let metadata = json!({
        "DequeueCount": "1",
        "ExpirationTime": NOW,
        "Id": quoted(&ids::new_invocation_id().to_string()),
        "InsertionTime": NOW,
        "NextVisibleTime": NOW,
        "PopReceipt": quoted("AgAAAAMAAAAAAAAA"),
    });
    envelope(function, &STANDARD.encode(message).into(), object(metadata))
}

pub(super) fn timer(function: &BoundFunction) -> Value {
    let tick = json!({
        "Schedule": {"AdjustForDST": true},
        "ScheduleStatus": {"Last": "0001-01-01T00:00:00+00:00", "Next": NOW, "LastUpdated": NOW},
        "IsPastDue": false,
    });
    envelope(function, &tick, Map::new())
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(members) => members,
        _ => Map::new(),
    }
}

/// A text as JSON within a text, as most metadata comes.
fn quoted(text: &str) -> Value {
    Value::from(text).to_string().into()
}

fn lossy(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Values of one name, compared ignoring case, joined by commas.
pub(super) fn joined_query(query: &str) -> Vec<(String, String)> {
    let mut joined: Vec<(String, String)> = Vec::new();
    for (name, value) in query_pairs(query) {
        match joined.iter_mut().find(|(known, _)| known.eq_ignore_ascii_case(&name)) {
            Some((_, before)) => *before = format!("{before},{value}"),
            None => joined.push((name, value)),
        }
    }
    joined
}
