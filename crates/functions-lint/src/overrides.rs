//! `AzureFunctionsJobHost__a__b` settings: [any value of host.json from outside][override].
//!
//! [override]: https://learn.microsoft.com/azure/azure-functions/functions-host-json#override-hostjson-values

use serde_json::{Map, Value};

use crate::settings::Settings;

const PREFIX: &str = "AzureFunctionsJobHost__";

/// Every override: the setting's name, and the path that it names.
pub(crate) fn paths(settings: &Settings) -> impl Iterator<Item = (&str, Vec<String>)> {
    settings.iter().filter_map(|(name, _)| {
        let plain = name.replace(':', "__");
        let prefix = plain.get(..PREFIX.len()).filter(|prefix| prefix.eq_ignore_ascii_case(PREFIX))?;
        Some((name, plain[prefix.len()..].split("__").map(str::to_owned).collect()))
    })
}

/// Whether a setting's name begins with `AzureFunctionsJobHost` but does not continue as that of an override, with `__`
/// or `:`.
pub(crate) fn looks_misspelt(name: &str) -> bool {
    let start = PREFIX.trim_end_matches('_');
    let is = |prefix: &str| name.get(..prefix.len()).is_some_and(|head| head.eq_ignore_ascii_case(prefix));
    is(start) && !is(PREFIX) && !name[start.len()..].starts_with(':')
}

/// Lays every override over host.json; later settings win. Names may have colons in place of two underscores.
pub fn apply_overrides(host: &mut Value, settings: &Settings) {
    for (name, value) in settings.iter() {
        let name = name.replace(':', "__");
        if let Some(prefix) = name.get(..PREFIX.len())
            && prefix.eq_ignore_ascii_case(PREFIX)
        {
            set(host, &name[PREFIX.len()..], value);
        }
    }
}

/// Numeric segments count as array positions where an array stands already, else they name members; who reads a
/// list reads both.
fn set(target: &mut Value, path: &str, value: &str) {
    let (segment, rest) = path.split_once("__").map_or((path, None), |(segment, rest)| (segment, Some(rest)));
    let slot = slot(target, segment);
    match rest {
        Some(rest) => set(slot, rest, value),
        None => *slot = Value::String(value.to_owned()),
    }
}

fn slot<'a>(target: &'a mut Value, segment: &str) -> &'a mut Value {
    let position = segment.parse::<usize>().ok().filter(|_| target.is_array());
    if position.is_none() && !target.is_object() {
        *target = Value::Object(Map::new());
    }
    match target {
        Value::Array(items) => {
            let at = position.unwrap_or_default().min(items.len());
            if at == items.len() {
                items.push(Value::Null);
            }
            &mut items[at]
        }
        Value::Object(members) => {
            let known = members.keys().find(|key| key.eq_ignore_ascii_case(segment)).cloned();
            members.entry(known.unwrap_or_else(|| segment.to_owned())).or_insert(Value::Null)
        }
        scalar => scalar,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn names_ignore_case_and_the_last_one_wins() {
        let mut host = json!({"extensions": {"Queues": {"batchSize": 1}}, "list": ["a"]});
        let settings = Settings::with_environment(&[
            ("azurefunctionsjobhost__EXTENSIONS__queues__BatchSize".into(), "2".into()),
            ("AzureFunctionsJobHost__extensions__queues__batchSize".into(), "3".into()),
            ("AzureFunctionsJobHost:list:1".into(), "b".into()),
        ]);
        apply_overrides(&mut host, &settings);
        assert_eq!(host, json!({"extensions": {"Queues": {"batchSize": "3"}}, "list": ["a", "b"]}));
    }
}
