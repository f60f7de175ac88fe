//! Schemas that lead back to themselves, which an import does not support.

use std::collections::BTreeSet;

use serde_json::Value as Json;

const SCHEMAS: &str = "#/components/schemas/";

pub(super) fn recursive(document: &Json) -> Vec<String> {
    let names = document["components"]["schemas"].as_object().into_iter().flat_map(|schemas| schemas.keys());
    let leads_back = |name: &&String| {
        let start = format!("{SCHEMAS}{name}");
        let (mut ahead, mut seen) = (vec![start.clone()], BTreeSet::new());
        while let Some(next) = ahead.pop() {
            let mut further = Vec::new();
            if let Some(schema) = document.pointer(next.trim_start_matches('#')) {
                references(schema, &mut further);
            }
            if further.contains(&start) {
                return true;
            }
            ahead.extend(further.into_iter().filter(|one| seen.insert(one.clone())));
        }
        false
    };
    let recursive = names.filter(leads_back);
    recursive.map(|name| format!("components/schemas/{name}: it leads back to itself")).collect()
}

fn references(schema: &Json, found: &mut Vec<String>) {
    match schema {
        Json::Object(members) => members.iter().for_each(|(name, value)| match value.as_str() {
            Some(to) if name == "$ref" => found.push(to.to_owned()),
            _ => references(value, found),
        }),
        Json::Array(items) => items.iter().for_each(|item| references(item, found)),
        _ => {}
    }
}
