//! The functions of Bicep that this project calls, as they answer in Azure's public cloud.

use super::{Text, Value, deployment::Instance, sources::beside};

pub(super) fn call(instance: &Instance<'_>, function: &str, arguments: &[Value]) -> Value {
    if let Some(why) = arguments.iter().find_map(Value::unknown) {
        return Value::Unknown(why.to_owned());
    }
    let answer = match (function, arguments) {
        ("uniqueString", _) => Some(Value::symbol("unique")),
        ("guid", _) => Some(named("guid", arguments)),
        ("subscription", []) => Some(Value::Object(vec![("id".to_owned(), Value::symbol("subscription"))])),
        ("tenant", []) => Some(Value::Object(vec![("tenantId".to_owned(), Value::symbol("tenant"))])),
        ("environment", []) => Some(public_cloud()),
        ("subscriptionResourceId", [kind, name]) => {
            Some(named("subscription", &[kind.clone(), name.clone()]))
        }
        ("loadTextContent", [path]) => load(instance, path),
        ("string", [Value::Int(number)]) => Some(Value::exact(number.to_string())),
        ("empty", [value]) => empty(value),
        ("length", [Value::List(items)]) => i64::try_from(items.len()).ok().map(Value::Int),
        ("concat", lists) => concat(lists),
        ("union", objects) => union(objects),
        ("join", [Value::List(items), Value::Text(between)]) => join(items, between),
        ("replace", [Value::Text(whole), Value::Text(old), Value::Text(new)]) if old.exact => {
            let found = whole.text.contains(&old.text);
            let exact = whole.exact && (new.exact || !found);
            Some(Value::Text(Text { text: whole.text.replace(&old.text, &new.text), exact }))
        }
        _ => None,
    };
    answer.unwrap_or_else(|| {
        let why = format!("`{function}` of this cannot be worked out");
        instance.fault(&why);
        Value::Unknown(why)
    })
}

/// An answer that only Azure knows, told apart by what was asked.
fn named(function: &str, arguments: &[Value]) -> Value {
    let texts: Vec<_> = arguments.iter().filter_map(Value::text).collect();
    Value::symbol(&format!("{function} {}", texts.join(" ")))
}

fn public_cloud() -> Value {
    let object = |key: &str, value: &str| Value::Object(vec![(key.to_owned(), Value::exact(value))]);
    Value::Object(vec![
        ("suffixes".to_owned(), object("storage", "core.windows.net")),
        ("authentication".to_owned(), object("loginEndpoint", "https://login.microsoftonline.com/")),
    ])
}

fn load(instance: &Instance<'_>, path: &Value) -> Option<Value> {
    let path = beside(&instance.path, path.text()?);
    Some(Value::exact(instance.sources.text(&path)?))
}

/// An id or address that Azure assigns is never empty.
fn empty(value: &Value) -> Option<Value> {
    match value {
        Value::Null => Some(Value::Bool(true)),
        Value::Text(text) => Some(Value::Bool(text.text.is_empty())),
        Value::List(items) => Some(Value::Bool(items.is_empty())),
        Value::Object(properties) => Some(Value::Bool(properties.is_empty())),
        _ => None,
    }
}

fn concat(lists: &[Value]) -> Option<Value> {
    let mut whole = Vec::new();
    for list in lists {
        let Value::List(items) = list else { return None };
        whole.extend(items.iter().cloned());
    }
    Some(Value::List(whole))
}

/// The last object that has a property decides it.
fn union(objects: &[Value]) -> Option<Value> {
    let mut whole: Vec<(String, Value)> = Vec::new();
    for object in objects {
        let Value::Object(properties) = object else { return None };
        for (key, value) in properties {
            match whole.iter_mut().find(|(known, _)| known == key) {
                Some((_, known)) => *known = value.clone(),
                None => whole.push((key.clone(), value.clone())),
            }
        }
    }
    Some(Value::Object(whole))
}

fn join(items: &[Value], between: &Text) -> Option<Value> {
    let mut texts = Vec::new();
    let mut exact = between.exact;
    for item in items {
        let Value::Text(text) = item else { return None };
        exact &= text.exact;
        texts.push(text.text.as_str());
    }
    Some(Value::Text(Text { text: texts.join(&between.text), exact }))
}
