//! Members of host.json that the host does not look for, in the file and in settings that override it.

use serde_json::Value;

use super::{Rule, Violation, warn};
use crate::{
    members::{self, UnknownMember},
    overrides,
};

pub(super) const RULES: &[&Rule] = &[&MEMBERS, &OVERRIDES];

const MEMBERS: Rule = Rule {
    id: "host-json-members",
    promise: "the host reads every member of host.json that was checked",
    source: "https://learn.microsoft.com/azure/azure-functions/functions-host-json",
    find: |app| {
        let mut unknown = Vec::new();
        collect(app.host.as_ref().ok()?, &mut Vec::new(), &mut unknown);
        let overridden: Vec<_> = overrides::paths(&app.settings).map(|(_, path)| path.join(".")).collect();
        // What an override alone brings in is the next rule's.
        let is_below = |path: &str, one: &str| {
            let head = path.get(..one.len()).is_some_and(|head| head.eq_ignore_ascii_case(one));
            head && (path.len() == one.len() || path[one.len()..].starts_with('.'))
        };
        unknown.retain(|one| !overridden.iter().any(|path| is_below(path, &one.path)));
        Some(unknown.iter().map(member).collect())
    },
};

fn member(unknown: &UnknownMember) -> Violation {
    let name = unknown.path.rsplit('.').next().unwrap_or_default();
    let why =
        format!("the host does not read `{name}` here, so it does nothing, in Azure as well as locally");
    warn(format!("host.json {}", unknown.path), why, remedy(unknown))
}

fn remedy(unknown: &UnknownMember) -> String {
    match &unknown.suggestion {
        Some(suggestion) => format!("write it as {suggestion}"),
        None => "remove it, or correct its name".to_owned(),
    }
}

/// Every member that the host does not look for; what is below one is not looked at.
fn collect<'a>(value: &'a Value, path: &mut Vec<&'a str>, unknown: &mut Vec<UnknownMember>) {
    let Value::Object(object) = value else { return };
    for (name, value) in object {
        path.push(name);
        match members::in_file(path) {
            Some(found) => unknown.push(found),
            None => match value {
                Value::Array(items) => items.iter().for_each(|item| {
                    path.push("0");
                    collect(item, path, unknown);
                    path.pop();
                }),
                value => collect(value, path, unknown),
            },
        }
        path.pop();
    }
}

const OVERRIDES: Rule = Rule {
    id: "host-json-overrides",
    promise: "every setting AzureFunctionsJobHost__… names a member of host.json",
    source: "https://learn.microsoft.com/azure/azure-functions/functions-host-json#override-hostjson-values",
    find: |app| {
        let named: Vec<_> = overrides::paths(&app.settings).collect();
        let misspelt =
            app.settings.iter().map(|(name, _)| name).filter(|name| overrides::looks_misspelt(name));
        let misspelt: Vec<_> = misspelt.map(separators).collect();
        if named.is_empty() && misspelt.is_empty() {
            return None;
        }
        let unknown = named.into_iter().filter_map(|(name, path)| {
            let path: Vec<&str> = path.iter().map(String::as_str).collect();
            Some((name, members::in_setting(&path)?))
        });
        Some(unknown.map(|(name, unknown)| setting(name, &unknown)).chain(misspelt).collect())
    },
};

fn setting(name: &str, unknown: &UnknownMember) -> Violation {
    if unknown.path.eq_ignore_ascii_case("version") {
        let why = "the host reads `version` only from the file, so this setting does nothing";
        return warn(name, why, "write \"version\": \"2.0\" into host.json, and remove the setting");
    }
    let why = format!("host.json has no member {}, so this setting does nothing", unknown.path);
    let remedy = match &unknown.suggestion {
        Some(suggestion) => format!("call it AzureFunctionsJobHost__{}", suggestion.replace('.', "__")),
        None => "remove it, or correct its name".to_owned(),
    };
    warn(name, why, remedy)
}

fn separators(name: &str) -> Violation {
    let why = "the names must be separated by two underscores, so this setting does nothing";
    warn(name, why, "write it as AzureFunctionsJobHost__section__member")
}
