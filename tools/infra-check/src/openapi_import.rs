//! What an import of an OpenAPI document into API Management refuses, leaves out or changes, by the published
//! [restrictions](https://learn.microsoft.com/azure/api-management/api-management-api-import-restrictions) (dated
//! 2022-03-02, in the edition that has OpenAPI 3.1).

use std::collections::BTreeMap;

use serde_json::Value as Json;

use self::document::{Operation, operations, unsupported};

mod document;
mod operation;
mod schemas;

/// The most bytes of an inline document.
const LARGEST: usize = 4 * 1024 * 1024;
/// Fields of OpenAPI that an import does not support: where, and which.
const UNSUPPORTED: [(&str, &[&str]); 3] = [
    ("", &["externalDocs"]),
    ("/info", &["summary"]),
    (
        "/components",
        &[
            "responses",
            "parameters",
            "examples",
            "requestBodies",
            "headers",
            "securitySchemes",
            "links",
            "callbacks",
        ],
    ),
];
/// The one extension of OpenAPI 3 that is not left out.
const EXTENSION: &str = "x-ms-paths";
/// Below these members, names are the author's own, so one that begins with `x-` is no extension.
const NAMED: [&str; 5] = ["properties", "headers", "example", "examples", "schemas"];

/// The gateway's name of an operation after the import, by the rules for `operationId`.
#[must_use]
pub fn operation_name(id: &str) -> String {
    operation::name(id)
}

/// Everything in an OpenAPI document that the import into API Management drops or changes, each with its place.
///
/// # Errors
/// When the text is no JSON.
pub fn losses(text: &str) -> Result<Vec<String>, serde_json::Error> {
    let document: Json = serde_json::from_str(text)?;
    let mut losses = Vec::new();
    if text.len() > LARGEST {
        losses.push(format!("the document: {} bytes, of at most {LARGEST}", text.len()));
    }
    let version = document["openapi"].as_str().unwrap_or_default();
    if !(["3.0.0", "3.0.1", "3.0.2", "3.0.3"].contains(&version) || version.starts_with("3.1.")) {
        losses.push(format!("openapi: version `{version}` is not supported, 3.0.0 to 3.0.3 and 3.1 are"));
    }
    for (place, fields) in UNSUPPORTED {
        losses.extend(document.pointer(place).iter().flat_map(|object| unsupported(object, place, fields)));
    }
    let servers = document["servers"].as_array().into_iter().flatten();
    if !servers.filter_map(|server| server["url"].as_str()).any(|url| url.starts_with("https://")) {
        losses.push("servers: none is an HTTPS URL, so the API has no address of a backend".to_owned());
    }
    let operations = operations(&document);
    losses.extend(operations.iter().flat_map(operation::losses));
    losses.extend(twice(&operations));
    losses.extend(schemas::recursive(&document));
    losses.extend(everywhere(&document, ""));
    Ok(losses)
}

/// Names and URL templates that two operations have.
fn twice(operations: &[Operation<'_>]) -> Vec<String> {
    let mut seen: BTreeMap<String, String> = BTreeMap::new();
    let mut losses = Vec::new();
    for operation in operations {
        let id = operation.said["operationId"].as_str().unwrap_or_default();
        let name = format!("the name `{}`", operation_name(id));
        let template = format!("the template `{} {}`", operation.method, operation::template(operation.path));
        for mark in [name, template] {
            if let Some(other) = seen.insert(mark.clone(), operation.place()) {
                losses.push(format!("{}: {other} has {mark} too", operation.place()));
            }
        }
    }
    losses
}

/// What is lost at every place: references out of the document, and extensions, which are left out.
fn everywhere(json: &Json, place: &str) -> Vec<String> {
    match json {
        Json::Array(items) => items.iter().flat_map(|item| everywhere(item, place)).collect(),
        Json::Object(members) => {
            let own_names = NAMED.iter().any(|name| place.ends_with(&format!("/{name}")));
            let each = members.iter().flat_map(|(name, value)| {
                let inner = format!("{place}/{name}");
                let mut losses = everywhere(value, &inner);
                if name == "$ref" && value.as_str().is_some_and(|to| !to.starts_with('#')) {
                    losses.push(format!("{place}: `$ref` leads to another file, {value}"));
                }
                if name.starts_with("x-") && name != EXTENSION && !own_names {
                    losses.push(format!("{place}: the extension `{name}` is left out"));
                }
                losses
            });
            each.collect()
        }
        _ => Vec::new(),
    }
}
