//! Traps in the app settings. What the host adds to a process is not in a file, so most of these are asked of a
//! file alone.

use super::{Fault, Rule, fail, warn};
use crate::{App, app::text, settings::NotExpanded};

pub(super) const RULES: &[&Rule] = &[&RUNTIME, &STORAGE, &CONNECTIONS, &NAMED, &BY_HAND, &ALIKE];

const RUNTIME: Rule = Rule {
    id: "worker-runtime",
    promise: "no other runtime than `custom` is asked for",
    source: "protocol sheet §1.1, §7.4",
    find: |app| {
        let remedy = "set it to `custom`; on Flex Consumption name the runtime in functionAppConfig instead";
        match app.settings.get("FUNCTIONS_WORKER_RUNTIME") {
            Some(runtime) if runtime.eq_ignore_ascii_case("custom") => Vec::new(),
            Some(_) => {
                vec![fail("FUNCTIONS_WORKER_RUNTIME", "it names another runtime than `custom`", remedy)]
            }
            None if app.written.is_some() => {
                vec![warn(
                    "FUNCTIONS_WORKER_RUNTIME",
                    "it is not set, which is right on Flex Consumption alone",
                    remedy,
                )]
            }
            None => Vec::new(),
        }
    },
};

const STORAGE: Rule = Rule {
    id: "host-storage",
    promise: "the host has a storage account for its locks and keys",
    source: "protocol sheet §7.2",
    find: |app| {
        if app.written.is_none() || is_connected(app, "AzureWebJobsStorage") {
            return Vec::new();
        }
        let why = "it is not set; the host keeps locks of timers, keys and its id there";
        let remedy = "set AzureWebJobsStorage__accountName to use the app's identity; locally \
                      `UseDevelopmentStorage=true`";
        vec![fail("AzureWebJobsStorage", why, remedy)]
    },
};

const CONNECTIONS: Rule = Rule {
    id: "binding-connections",
    promise: "every connection of a binding is set",
    source: "protocol sheet §5.4",
    find: |app| {
        if app.written.is_none() {
            return Vec::new();
        }
        let mut names: Vec<_> = app.bindings().map(|(_, binding)| text(binding, "connection")).collect();
        names.retain(|name| !name.is_empty() && !name.contains('%') && *name != "AzureWebJobsStorage");
        names.sort_unstable();
        names.dedup();
        let missing = names.into_iter().filter(|name| !is_connected(app, name));
        missing
            .map(|name| {
                let why = "a binding names it as its connection, and it is not set";
                fail(name, why, "set it, or `<name>__queueServiceUri` to use the app's identity")
            })
            .collect()
    },
};

/// Whether a connection is given, whole or in parts; names may begin with `AzureWebJobs`.
fn is_connected(app: &App, name: &str) -> bool {
    let longer = format!("AzureWebJobs{name}");
    app.settings.iter().any(|(known, value)| {
        let is = |name: &str| {
            let head = known.get(..name.len()).is_some_and(|head| head.eq_ignore_ascii_case(name));
            head && (known.len() == name.len() || known[name.len()..].starts_with("__"))
        };
        !value.is_empty() && (is(name) || is(&longer))
    })
}

const NAMED: Rule = Rule {
    id: "settings-in-bindings",
    promise: "every %Setting% of a binding is set",
    source: "protocol sheet §1.1",
    find: |app| {
        let texts = app.bindings().flat_map(|(function, binding)| {
            let values = ["route", "queueName", "schedule", "connection"].map(|name| text(binding, name));
            values.map(|value| (function, value))
        });
        let missing = texts.filter_map(|(function, value)| match app.settings.expand(value).err()? {
            NotExpanded::Missing(name) => Some((function, name)),
            NotExpanded::Unclosed => None,
        });
        missing
            .map(|(function, name)| {
                let why = format!("{function}/function.json stands for its value, and it is not set");
                fail(name, why, "set it")
            })
            .collect()
    },
};

/// Set by the host or the platform for each process (protocol sheet §1.2, identity sheet).
const THEIRS: [&str; 8] = [
    "FUNCTIONS_CUSTOMHANDLER_PORT",
    "FUNCTIONS_CUSTOMHANDLER_WORKER_ID",
    "FUNCTIONS_HTTPWORKER_PORT",
    "FUNCTIONS_APP_ROOT_PATH",
    "WEBSITE_AUTH_ENABLED",
    "WEBSITE_INSTANCE_ID",
    "WEBSITE_SITE_NAME",
    "IDENTITY_ENDPOINT",
];

const BY_HAND: Rule = Rule {
    id: "set-by-hand",
    promise: "nothing is set by hand that only the host or the platform may say",
    source: "protocol sheet §1.2, §3.2",
    find: |app| {
        if app.written.is_none() {
            return Vec::new();
        }
        let set = THEIRS.iter().filter(|name| app.settings.get(name).is_some());
        set.map(|name| {
            let why = "it is set by hand: whoever believes it believes what nothing stands behind";
            fail(*name, why, "remove it; host or platform set it where it is true")
        })
        .collect()
    },
};

const ALIKE: Rule = Rule {
    id: "settings-alike",
    promise: "no two settings differ in case alone",
    source: "protocol sheet §1.2",
    find: alike,
};

fn alike(app: &App) -> Vec<Fault> {
    if app.written.is_none() {
        return Vec::new();
    }
    let names: Vec<&str> = app.settings.iter().map(|(name, _)| name).collect();
    let twice = names
        .iter()
        .enumerate()
        .filter(|(at, name)| names[..*at].iter().any(|one| one.eq_ignore_ascii_case(name)));
    twice
        .map(|(_, name)| {
            let why = "it is set twice in different letters: the host sees one, a program on Linux two";
            warn(*name, why, "keep one of them")
        })
        .collect()
}
