//! Traps in the app settings. A file does not contain what the host adds to a process, so most of these rules apply
//! only to settings from a file.

use super::{Rule, Violation, diagnosed, fail, warn};
use crate::{
    App, Level, SettingsSource,
    app::{is, text},
};

pub(super) const RULES: &[&Rule] = &[&RUNTIME, &STORAGE, &CONNECTIONS, &NAMED, &BY_HAND, &ALIKE];

const RUNTIME: Rule = Rule {
    id: "worker-runtime",
    promise: "the runtime is `custom`",
    source: "https://learn.microsoft.com/azure/azure-functions/functions-app-settings#functions_worker_runtime",
    find: |app| {
        let remedy = "set it to `custom`; on Flex Consumption name the runtime in functionAppConfig instead";
        let is_mcp = app.settings.is_mcp_preview();
        match app.settings.get("FUNCTIONS_WORKER_RUNTIME") {
            Some(runtime) if is_mcp || runtime.eq_ignore_ascii_case("custom") => Some(Vec::new()),
            Some(_) => {
                let why = "it must be `custom`: for another runtime Azure prepares that language's worker, \
                           and tools refuse the app";
                Some(vec![fail("FUNCTIONS_WORKER_RUNTIME", why, remedy)])
            }
            None if is_mcp => Some(Vec::new()),
            None if app.settings_source.is_some() => {
                let why = "it is not set, which is right only on Flex Consumption: elsewhere tools ask for the language, \
                           and the portal shows none";
                Some(vec![warn("FUNCTIONS_WORKER_RUNTIME", why, remedy)])
            }
            None => None,
        }
    },
};

/// What Core Tools start without a storage account (`TriggersWithoutStorage` of theirs).
const WITHOUT_STORAGE: [&str; 6] = [
    "httpTrigger",
    "kafkaTrigger",
    "rabbitmqTrigger",
    "orchestrationTrigger",
    "activityTrigger",
    "entityTrigger",
];

const STORAGE: Rule = Rule {
    id: "host-storage",
    promise: "the host has a storage account for its locks and keys",
    source: "https://learn.microsoft.com/azure/azure-functions/functions-app-settings#azurewebjobsstorage",
    find: |app| {
        let needs = |binding| {
            let kind = text(binding, "type").to_lowercase();
            kind.ends_with("trigger") && !WITHOUT_STORAGE.iter().any(|one| is(binding, one))
        };
        match app.settings_source? {
            SettingsSource::LocalSettings if !app.bindings().any(|(_, binding)| needs(binding)) => None,
            _ if is_connected(app, "AzureWebJobsStorage") => Some(Vec::new()),
            _ => {
                let why = "it is not set. The host keeps the locks of timers, keys and its id there: Core Tools do not \
                           start without it, and in Azure the host is not healthy";
                let remedy = "set AzureWebJobsStorage__accountName to use the app's identity; locally \
                              `UseDevelopmentStorage=true`";
                Some(vec![fail("AzureWebJobsStorage", why, remedy)])
            }
        }
    },
};

const CONNECTIONS: Rule = Rule {
    id: "binding-connections",
    promise: "every connection of a binding is set",
    source: "https://learn.microsoft.com/azure/azure-functions/functions-reference#connections",
    find: |app| {
        app.settings_source?;
        let mut names = used_connections(app);
        names.retain(|(name, _)| !name.contains('%') && !name.eq_ignore_ascii_case("AzureWebJobsStorage"));
        if names.is_empty() {
            return None;
        }
        let missing = names.into_iter().filter_map(|(name, is_queue)| {
            if !is_connected(app, name) {
                let why = "a binding uses this connection, but it is not set: the function is in error, in Azure as \
                    well as locally";
                let remedy = format!("set it, or `{name}__queueServiceUri` and the like to use the app's identity");
                return Some(fail(name, why, remedy));
            }
            if is_queue && !QUEUE_PARTS.iter().any(|part| has_part(app, name, part)) {
                let why =
                    "a queue binding uses this connection, but no part of it names the queue service";
                let remedy = format!("set `{name}__queueServiceUri` or `{name}__accountName`");
                return Some(fail(name, why, remedy));
            }
            None
        });
        Some(missing.collect())
    },
};

/// What says where the queues of a connection are.
const QUEUE_PARTS: [&str; 3] = ["", "__accountName", "__queueServiceUri"];

fn has_part(app: &App, name: &str, part: &str) -> bool {
    let wanted = spellings(name).map(|name| plain(&format!("{name}{part}")));
    app.settings.iter().any(|(known, value)| !value.is_empty() && wanted.contains(&plain(known)))
}

/// The connections that bindings name, each once, and whether one of them is a queue's.
fn used_connections(app: &App) -> Vec<(&str, bool)> {
    let mut names: Vec<_> = app
        .bindings()
        .map(|(_, binding)| {
            (text(binding, "connection"), ["queue", "queueTrigger"].iter().any(|kind| is(binding, kind)))
        })
        .collect();
    names.retain(|(name, _)| !name.is_empty());
    names.sort_unstable_by(|one, other| one.0.cmp(other.0).then(other.1.cmp(&one.1)));
    names.dedup_by_key(|(name, _)| *name);
    names
}

/// The connections that bindings name, each once.
pub(super) fn connections(app: &App) -> Vec<&str> {
    used_connections(app).into_iter().map(|(name, _)| name).collect()
}

/// The names that the setting of a connection may have.
fn spellings(name: &str) -> [String; 3] {
    [name.to_owned(), format!("AzureWebJobs{name}"), format!("ConnectionStrings:{name}")]
}

fn plain(name: &str) -> String {
    name.replace("__", ":").to_ascii_lowercase()
}

/// Whether a connection is given, whole or in parts; names may begin with `AzureWebJobs` or stand below
/// `ConnectionStrings`.
fn is_connected(app: &App, name: &str) -> bool {
    let names = spellings(name).map(|name| plain(&name));
    app.settings.iter().any(|(known, value)| {
        let known = plain(known);
        let is = |name: &String| {
            known.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with(':'))
        };
        !value.is_empty() && names.iter().any(is)
    })
}

const NAMED: Rule = Rule {
    id: "settings-in-bindings",
    promise: "every %Setting% of a binding is set",
    source: "https://learn.microsoft.com/azure/azure-functions/functions-bindings-expressions-patterns",
    find: |app| {
        let members = ["route", "queueName", "schedule", "connection"];
        let texts = app.bindings().flat_map(|(_, binding)| members.map(|name| text(binding, name)));
        let mut faults: Vec<_> = diagnosed::faults(app, "settings-in-bindings").collect();
        if faults.is_empty() && !texts.into_iter().any(|text| text.contains('%')) {
            return None;
        }
        // Without a file the settings of the app may be others than those of this shell.
        if app.settings_source.is_none() {
            for fault in &mut faults {
                fault.level = Level::Warn;
            }
        }
        Some(faults)
    },
};

/// Set by the host or the platform for each process.
const HOST_SETTINGS: [&str; 8] = [
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
    promise: "nothing is set by hand that only the host or Azure may set",
    source: "https://learn.microsoft.com/azure/app-service/reference-app-settings",
    find: |app| {
        app.settings_source?;
        let set = HOST_SETTINGS.iter().filter(|name| app.settings.get(name).is_some());
        let faults = set.map(|name| {
            let why = "it is set by hand. In Azure the platform sets it where it is true, so a program that trusts this \
                       value trusts something that nothing guarantees";
            fail(*name, why, "remove it")
        });
        Some(faults.collect())
    },
};

const ALIKE: Rule = Rule {
    id: "settings-alike",
    promise: "no two settings differ only in case",
    source: "https://learn.microsoft.com/azure/azure-functions/functions-how-to-use-azure-function-app-settings",
    find: |app| app.settings_source.map(|_| alike(app)),
};

fn alike(app: &App) -> Vec<Violation> {
    let names: Vec<&str> = app.settings.iter().map(|(name, _)| name).collect();
    let twice = names
        .iter()
        .enumerate()
        .filter(|(at, name)| names[..*at].iter().any(|one| one.eq_ignore_ascii_case(name)));
    twice
        .map(|(_, name)| {
            let why = "it is set twice in different case: the host sees one setting, a program on Linux two";
            warn(*name, why, "keep one of them")
        })
        .collect()
}
