//! Holds every answer of the worker against its own description: status, type, headers and body.

use std::{
    collections::HashMap,
    fs,
    sync::{Arc, LazyLock, Mutex},
};

use azure_functions_handler::route;
use jsonschema::{Draft, Validator};
use orders_worker::functions::{FUNCTIONS, ROUTE_PREFIX};
use serde_json::{Value, json};

use super::{Reply, repository};

/// Headers that clients read: an answer has them where the document describes them, and nowhere else.
const TELLING: [&str; 6] =
    ["cache-control", "etag", "idempotency-replayed", "location", "retry-after", "www-authenticate"];

/// The committed copy; a test holds it against the worker's answer.
static DOCUMENT: LazyLock<Value> = LazyLock::new(|| {
    let text = fs::read_to_string(repository().join("docs/openapi.json")).expect("it is there");
    let mut document = serde_json::from_str(&text).expect("JSON");
    close(&mut document);
    document
});

/// The description that answers are held against.
pub(crate) fn document() -> &'static Value {
    &DOCUMENT
}

/// Forbids undocumented members in a schema: clients must tolerate them, but the worker's answers have none.
fn close(value: &mut Value) {
    match value {
        Value::Object(members) => {
            let open = members.get("type").is_some_and(|kind| kind == "object")
                && members.contains_key("properties")
                && members.get("description").is_none_or(|about| about != "An OpenAPI document.");
            members.values_mut().for_each(close);
            if open {
                members.insert("additionalProperties".to_owned(), false.into());
            }
        }
        Value::Array(items) => items.iter_mut().for_each(close),
        _ => {}
    }
}

/// Panics when the worker's answer is not in its API description. An answer by the host or EasyAuth is not checked: it
/// has no `instance`.
pub(crate) fn check(method: &str, path: &str, reply: &Reply) {
    let Some(operation) = operation(method, path) else { return };
    let body: Value = serde_json::from_slice(&reply.body).unwrap_or_default();
    let content = reply.header("content-type").unwrap_or_default();
    if reply.status >= 400 && body.get("instance").is_none() && !content.starts_with("application/json;") {
        return;
    }
    let wrong = faults(operation, reply, content, &body);
    assert!(wrong.is_empty(), "{method} {path} is described otherwise: {wrong:#?}\n{reply:?}");
}

/// The operation in the document for such a request.
fn operation(method: &str, path: &str) -> Option<&'static Value> {
    let path = path.split('?').next().unwrap_or(path);
    FUNCTIONS.iter().find_map(|function| {
        let route = function.route.filter(|_| function.methods.iter().any(|own| own == method))?;
        route::match_path(ROUTE_PREFIX, route, path)?;
        Some(&DOCUMENT["paths"][format!("/{route}")][method.to_lowercase()])
    })
}

fn faults(operation: &Value, reply: &Reply, content: &str, body: &Value) -> Vec<String> {
    let Some(response) = operation["responses"].get(reply.status.to_string()) else {
        return vec![format!("status {}", reply.status)];
    };
    let mut wrong = Vec::new();
    match content.strip_suffix("; charset=utf-8").and_then(|kind| response["content"].get(kind)) {
        Some(media) => wrong.extend(invalid(&media["schema"], body)),
        None => wrong.push(format!("content type {content}")),
    }
    if let Some(slug) = body["type"].as_str().and_then(|kind| kind.rsplit(':').next())
        && !response["description"].as_str().is_some_and(|text| text.contains(&format!("`{slug}`")))
    {
        wrong.push(format!("slug {slug}"));
    }
    for name in TELLING {
        wrong.extend(header_fault(response, name, reply.header(name)));
    }
    wrong
}

fn header_fault(response: &Value, name: &str, value: Option<&str>) -> Option<String> {
    let all = response["headers"].as_object()?;
    let described = all.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
    match (described, value) {
        (None, None) => None,
        (None, Some(_)) => Some(format!("header {name}")),
        (Some((_, described)), None) => (described["required"] == true).then(|| format!("no header {name}")),
        (Some((_, described)), Some(text)) => {
            let number = described["schema"]["type"] == "integer";
            let value = if number {
                text.parse().map_or(Value::Null, |number: u64| number.into())
            } else {
                text.into()
            };
            invalid(&described["schema"], &value).first().map(|fault| format!("header {name}: {fault}"))
        }
    }
}

/// The errors of a value against a schema of the document.
fn invalid(schema: &Value, value: &Value) -> Vec<String> {
    static VALIDATORS: LazyLock<Mutex<HashMap<String, Arc<Validator>>>> = LazyLock::new(Mutex::default);
    let validator = {
        let mut validators = VALIDATORS.lock().expect("no test panics while it holds this");
        Arc::clone(validators.entry(schema.to_string()).or_insert_with(|| Arc::new(validator(schema))))
    };
    validator.iter_errors(value).map(|error| format!("{} at {}", error, error.instance_path())).collect()
}

fn validator(schema: &Value) -> Validator {
    let whole = json!({"allOf": [schema], "components": DOCUMENT["components"]});
    let options = jsonschema::options().with_draft(Draft::Draft202012).should_validate_formats(true);
    options.build(&whole).expect("the document's schemas are schemas")
}
