//! `Metadata` of the envelope.

// The host: docs/reference/host-protocol.md#metadata.

use chrono::{DateTime, Utc};
use serde_json::{Map, Value, json};

use super::call::Call;
use crate::query::Query;
use crate::{app::Function, clock::Clock, ids, net_json::Json};

/// Adds `sys` to the metadata of a trigger, unless a payload has a member of that name.
pub(super) fn add_sys(metadata: &mut Map<String, Value>, function: &Function, clock: &Clock) {
    let mut map = MetadataMap(std::mem::take(metadata));
    map.add("sys", sys(function, clock));
    *metadata = map.0;
}

/// `Metadata.sys`.
fn sys(function: &Function, clock: &Clock) -> Value {
    json!({
        "MethodName": function.name,
        "UtcNow": dotnet_time(clock.now()),
        "RandGuid": ids::random().to_string(),
    })
}

/// Seven digits of a second, the zeros at the end left out, as .NET writes a time.
fn dotnet_time(time: DateTime<Utc>) -> String {
    let fraction = format!("{:07}", time.timestamp_subsec_nanos() / 100);
    let fraction = fraction.trim_end_matches('0');
    let point = if fraction.is_empty() { "" } else { "." };
    format!("{}{point}{fraction}Z", time.format("%Y-%m-%dT%H:%M:%S"))
}

/// The metadata of an HTTP call: route values before query parameters before members of a JSON body, names compared
/// ignoring case.
pub(super) fn for_http(
    function: &Function,
    call: &Call,
    query: &Query,
    headers: &[(String, Vec<String>)],
    body: Option<&str>,
    clock: &Clock,
) -> Map<String, Value> {
    let mut map = MetadataMap::default();
    for (name, value) in body.and_then(|text| Json::parse(text).ok()).iter().flat_map(Json::members) {
        if let Some(value) = member(value)
            && !name.eq_ignore_ascii_case(&function.trigger.binding)
        {
            map.put(name, value);
        }
    }
    for (name, value) in query.last().filter(|(name, _)| !name.eq_ignore_ascii_case("code")) {
        map.put(name, encoded(value));
    }
    for (name, value) in &call.params {
        if let Some(value) = value {
            map.put(name, encoded(value));
        }
    }
    map.add("Query", query.last().map(|(name, value)| (name.to_owned(), Value::from(value))).collect());
    let joined = headers.iter().map(|(name, lines)| (name.clone(), Value::from(lines.join(","))));
    map.add("Headers", joined.collect());
    let system = if map.has("sys") { "$sys" } else { "sys" };
    map.add(system, sys(function, clock));
    map.0
}

/// A member of a JSON body: scalars as JSON text of their .NET text, objects as they are, no lists, no nulls.
fn member(value: &Json) -> Option<Value> {
    match value {
        Json::Null | Json::List(_) => None,
        Json::Object(_) => serde_json::from_str(&value.compact()).ok(),
        scalar => Some(encoded(&scalar.shown())),
    }
}

/// A text as JSON inside a JSON string.
fn encoded(text: &str) -> Value {
    Value::from(Value::from(text).to_string())
}

#[derive(Default)]
struct MetadataMap(Map<String, Value>);

impl MetadataMap {
    fn has(&self, name: &str) -> bool {
        self.0.keys().any(|known| known.eq_ignore_ascii_case(name))
    }

    /// Sets a value; an existing name keeps its spelling.
    fn put(&mut self, name: &str, value: Value) {
        let known = self.0.keys().find(|known| known.eq_ignore_ascii_case(name)).cloned();
        self.0.insert(known.unwrap_or_else(|| name.to_owned()), value);
    }

    /// Sets a value unless the name exists.
    fn add(&mut self, name: &str, value: Value) {
        if !self.has(name) {
            self.0.insert(name.to_owned(), value);
        }
    }
}
