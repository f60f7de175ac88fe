//! The changes that an import makes to one operation.

use std::collections::BTreeSet;

use serde_json::Value as Json;

use super::document::{Operation, unsupported};

/// A resource's name may have four characters more, which an import uses to make operations unique.
const LONGEST_NAME: usize = 76;
/// The most characters of a display name.
const LONGEST_SUMMARY: usize = 300;
/// Methods whose body an import leaves out.
const WITHOUT_BODY: [&str; 3] = ["get", "head", "options"];

/// Lower case, each run of other signs one dash, none at the ends, and not too long.
pub(super) fn name(id: &str) -> String {
    let letters = id.to_lowercase();
    let words = letters.split(|one: char| !one.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    let name = words.collect::<Vec<_>>().join("-");
    name.chars().take(LONGEST_NAME).collect()
}

/// A path without the names of its parameters, which do not make two paths different.
pub(super) fn template(path: &str) -> String {
    let parts = path.split('/').map(|part| if part.starts_with('{') { "{}" } else { part });
    parts.collect::<Vec<_>>().join("/")
}

pub(super) fn losses(operation: &Operation<'_>) -> Vec<String> {
    let (place, said) = (operation.place(), operation.said);
    let mut losses = unsupported(operation.item, operation.path, &["servers"]);
    if operation.method == "trace" {
        losses.push(format!("{place}: the method is not supported"));
    }
    losses.extend(unsupported(
        said,
        &place,
        &["externalDocs", "callbacks", "security", "servers", "produces"],
    ));
    let mut lose = |what: &str| losses.push(format!("{place}: {what}"));
    match said["operationId"].as_str().unwrap_or_default() {
        "" => lose("without `operationId` it has a name of its path, which moves with it"),
        id if id.chars().count() > LONGEST_NAME => lose("its `operationId` is cut off"),
        _ => {}
    }
    if said["summary"].as_str().is_some_and(|summary| summary.chars().count() > LONGEST_SUMMARY) {
        lose("its `summary` is longer than 300 letters");
    }
    if WITHOUT_BODY.contains(&operation.method) && said.get("requestBody").is_some() {
        lose("its `requestBody` is left out");
    }
    losses.extend(of_parameters(operation));
    losses.extend(of_bodies(said, &place));
    losses
}

fn of_parameters(operation: &Operation<'_>) -> Vec<String> {
    let place = operation.place();
    let lists = [operation.item, operation.said].map(|holder| holder["parameters"].as_array());
    let parameters: Vec<&Json> = lists.into_iter().flatten().flatten().collect();
    let in_template: BTreeSet<&str> = operation.path.split(['{', '}']).skip(1).step_by(2).collect();
    let mut losses = Vec::new();
    let mut in_url = BTreeSet::new();
    for parameter in &parameters {
        let name = parameter["name"].as_str().unwrap_or_default();
        let (of, is_required) = (parameter["in"].as_str().unwrap_or_default(), parameter["required"] == true);
        let about = format!("{place}, parameter {name}");
        losses.extend(unsupported(
            parameter,
            &about,
            &["allowEmptyValue", "style", "explode", "allowReserved"],
        ));
        match of {
            "cookie" => losses.push(format!("{about}: cookies are not supported")),
            "path" if !in_template.contains(name) => {
                losses.push(format!("{about}: it is not part of the URL template"));
            }
            "query" if is_required => {
                losses.push(format!("{about}: a required one becomes part of the URL template"));
            }
            _ => {}
        }
        if (of == "path" || of == "query") && !in_url.insert(name) {
            losses.push(format!("{about}: the URL template has the name already"));
        }
    }
    let without: Vec<_> = in_template.into_iter().filter(|name| !in_url.contains(name)).collect();
    losses.extend(without.iter().map(|name| format!("{place}: nothing defines `{{{name}}}`")));
    losses
}

/// Bodies have to refer to schemas of the whole API, and have one example.
fn of_bodies(said: &Json, place: &str) -> Vec<String> {
    let answers = said["responses"].as_object().into_iter().flat_map(|answers| answers.values());
    let contents = answers.chain([&said["requestBody"]]).filter_map(|body| body["content"].as_object());
    let mut losses = Vec::new();
    for (kind, content) in contents.flatten() {
        let schema = &content["schema"];
        let is_named = schema["$ref"].is_string() && schema.as_object().is_some_and(|keys| keys.len() == 1);
        if !is_named {
            losses.push(format!("{place}, {kind}: a schema of its own is not supported, name it"));
        }
        if content.get("examples").is_some() {
            losses.push(format!("{place}, {kind}: `examples` is not supported, `example` is"));
        }
    }
    losses
}
