//! Compares a resource of Azure with the same one of a snapshot.

use super::drift::Drift;
use crate::{
    assertions::is_made_up,
    deployment::{Deployment, Resource},
    snapshot::{LOCATION, SUBSCRIPTION, TENANT},
    value::Value,
    variants::RESOURCE_TOKEN,
};

/// The members of a snapshot's resource that Azure returns too.
const REPEATED: [&str; 4] = ["kind", "sku", "identity", "properties"];
/// Parts of texts that are other ones in a real deployment.
const OTHER: [&str; 4] = [RESOURCE_TOKEN, SUBSCRIPTION, TENANT, "rg-test"];

/// The properties that differ; none when the snapshot has no resource of the type and name.
pub(super) fn differences(found: &Resource, expected: &Deployment) -> Option<Vec<Drift>> {
    let same = expected.resources_of_type(&found.kind).filter(|one| is_like(&one.name, &found.name));
    let each = same.map(|one| {
        let mut drifts = Vec::new();
        for part in REPEATED {
            if let Some(value) = one.body.get(part) {
                compare(value, found.body.get(part), part, &mut |property, expected, said| {
                    drifts.push(Drift {
                        kind: found.kind.clone(),
                        resource: found.name.clone(),
                        property: property.to_owned(),
                        expected: expected.to_string(),
                        found: said.map_or_else(|| "nothing".to_owned(), Value::to_string),
                        controls: Vec::new(),
                    });
                });
            }
        }
        drifts
    });
    // Names that only Azure knows fit several.
    each.min_by_key(Vec::len)
}

type Report<'r> = dyn FnMut(&str, &Value, Option<&Value>) + 'r;

fn compare(expected: &Value, found: Option<&Value>, path: &str, report: &mut Report<'_>) {
    match (expected, found) {
        (Value::Null | Value::Unknown(_), _) => {}
        (Value::Object(_), None) if is_open(expected) => {}
        (Value::List(wanted), None) if wanted.is_empty() => {}
        (Value::Object(wanted), Some(Value::Object(said))) if are_resources(wanted) => {
            let has = |id: &str| said.iter().any(|(other, _)| is_like(id, other));
            if wanted.len() != said.len() || !wanted.iter().all(|(id, _)| has(id)) {
                report(path, expected, found);
            }
        }
        (Value::Object(wanted), Some(said @ Value::Object(_))) => {
            for (key, value) in wanted {
                compare(value, said.get(key), &format!("{path}.{key}"), report);
            }
        }
        (Value::List(wanted), Some(Value::List(said))) => {
            let has = |one: &Value| said.iter().any(|other| fits(one, other));
            let is_chosen = wanted.iter().any(|one| one.text().is_some_and(is_free));
            let same = wanted.len() == said.len() && wanted.iter().all(has);
            if !(same || is_chosen && !said.is_empty()) {
                report(path, expected, found);
            }
        }
        (Value::Text(text), Some(Value::Text(said))) if is_like(&text.text, &said.text) => {}
        (expected, Some(said)) if expected == said => {}
        _ => report(path, expected, found),
    }
}

/// Whether an object is a list of resources by their ids; one of another id is one too many.
fn are_resources(object: &[(String, Value)]) -> bool {
    object.iter().any(|(key, _)| key.starts_with('/'))
}

/// Whether nothing in it has to be there.
fn is_open(expected: &Value) -> bool {
    let mut is_open = true;
    if let Value::Object(wanted) = expected {
        for (_, value) in wanted {
            compare(value, None, "", &mut |_, _, _| is_open = false);
        }
    }
    is_open
}

fn fits(expected: &Value, found: &Value) -> bool {
    let mut fits = true;
    compare(expected, Some(found), "", &mut |_, _, _| fits = false);
    fits
}

/// Whether a text matches the snapshot's, with any text in place of made-up values. Azure sometimes writes its names
/// in another case.
fn is_like(expected: &str, found: &str) -> bool {
    if is_free(expected) {
        return !found.is_empty();
    }
    let (expected, found) = (known_parts(expected), found.to_ascii_lowercase());
    let parts: Vec<&str> = expected.split('*').collect();
    let [first, middle @ .., last] = parts.as_slice() else { return expected == found };
    let Some(mut rest) = found.strip_prefix(first) else { return false };
    for part in middle {
        let Some((_, after)) = rest.split_once(part) else { return false };
        rest = after;
    }
    rest.ends_with(last)
}

/// Whether the deployment's parameters may have another value there.
fn is_free(expected: &str) -> bool {
    expected == LOCATION
        || is_made_up(&OTHER.iter().fold(expected.to_owned(), |text, part| text.replace(part, "")))
}

/// The text in lower case, with `*` for what a real deployment has in its place. The text after a symbol may be a
/// property of it.
fn known_parts(text: &str) -> String {
    let known = text.split_once('‹').map_or_else(|| text.to_owned(), |(before, _)| format!("{before}*"));
    OTHER.iter().fold(known, |text, part| text.replace(part, "*")).to_ascii_lowercase()
}
