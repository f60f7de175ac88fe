//! `http/json`: protobuf's JSON, with ids in hexadecimal digits.

use opentelemetry_proto::tonic::{resource::v1::Resource, trace::v1::Span};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::{
    answer::Refusal,
    decode::{Batch, service},
};

/// The spans of a request.
pub(super) fn decode(bytes: &[u8]) -> Result<Batch, Refusal> {
    let request: Value =
        serde_json::from_slice(bytes).map_err(|error| Refusal::malformed(error.to_string()))?;
    if !request.is_object() {
        return Err(Refusal::malformed("it must be an object"));
    }
    let mut batch = Batch::default();
    for mut resource in list(request, "resourceSpans")? {
        let service = match resource.get_mut("resource").map(Value::take) {
            None | Some(Value::Null) => service(None),
            Some(resource) => service(Some(&message::<Resource>(resource)?)),
        };
        for scope in list(resource, "scopeSpans")? {
            for span in list(scope, "spans")? {
                if batch.is_full() {
                    batch.rejected += 1;
                } else {
                    batch.add(message::<Span>(span)?, &service);
                }
            }
        }
    }
    Ok(batch)
}

/// A list that may be left out.
fn list(mut of: Value, name: &str) -> Result<Vec<Value>, Refusal> {
    match of.get_mut(name).map(Value::take) {
        None | Some(Value::Null) => Ok(Vec::new()),
        Some(Value::Array(list)) => Ok(list),
        Some(_) => Err(Refusal::malformed(format!("{name} must be a list"))),
    }
}

fn message<T: DeserializeOwned>(mut value: Value) -> Result<T, Refusal> {
    normalize(&mut value);
    serde_json::from_value(value).map_err(|error| Refusal::malformed(error.to_string()))
}

/// Rewrites what protobuf's JSON allows and the types of the crate do not read: null for what is not set, lists without
/// their members, and the numbers that JSON has no form for.
fn normalize(value: &mut Value) {
    match value {
        Value::Array(values) => values.iter_mut().for_each(normalize),
        Value::Object(members) => {
            members.retain(|_, value| !value.is_null());
            for name in ["arrayValue", "kvlistValue"] {
                if let Some(Value::Object(list)) = members.get_mut(name) {
                    list.entry("values").or_insert(json!([]));
                }
            }
            if members.get("doubleValue").is_some_and(Value::is_string)
                && let Some(text) = members.remove("doubleValue")
            {
                members.insert("stringValue".to_owned(), text);
            }
            members.values_mut().for_each(normalize);
        }
        _ => {}
    }
}
