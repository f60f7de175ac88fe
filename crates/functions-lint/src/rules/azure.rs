//! Traps that only a deployment shows: what is right on a developer's machine and wrong in Azure.

use super::{Rule, Violation, fail, settings::connections, warn};
use crate::{App, SettingsSource};

pub(super) const RULES: &[&Rule] = &[&HOST_VERSION, &EMULATOR, &DEVELOPMENT];

const HOST_VERSION: Rule = Rule {
    id: "extension-version",
    promise: "the app uses version 4 of the host",
    source: "https://learn.microsoft.com/azure/azure-functions/functions-versions",
    find: |app| {
        const SETTING: &str = "FUNCTIONS_EXTENSION_VERSION";
        app.settings_source?;
        let asked = app.settings.get(SETTING)?.trim().trim_start_matches('~');
        let major = asked.split('.').next().and_then(|major| major.parse::<u32>().ok());
        let remedy = "set it to `~4`";
        Some(match major {
            Some(4..) => Vec::new(),
            Some(3) => vec![warn(
                SETTING,
                "it asks for version 3 of the host, which has had no support since December 2022: Azure runs the app on \
                 it, without enableProxyingHttpRequest and without routes in host.json",
                remedy,
            )],
            Some(_) => vec![fail(
                SETTING,
                "it asks for a version of the host that knows no custom handler: in Azure the program is never started",
                remedy,
            )],
            None => vec![warn(
                SETTING,
                "it is not a version of the host, so this check cannot tell which one Azure runs",
                remedy,
            )],
        })
    },
};

const EMULATOR: Rule = Rule {
    id: "emulator-in-azure",
    promise: "no setting of the app in Azure names a storage emulator",
    source: "https://learn.microsoft.com/azure/storage/common/storage-use-azurite",
    find: |app| {
        (app.settings_source? == SettingsSource::Azure).then(|| {
            let local = app.settings.iter().filter(|(name, value)| leads_to_an_emulator(name, value));
            local.map(|(name, _)| emulator(app, name)).collect()
        })
    },
};

fn emulator(app: &App, name: &str) -> Violation {
    let why = "it leads to the storage emulator (UseDevelopmentStorage=true or an address of this machine). In Azure \
               nothing listens there: the host is not healthy, and triggers of this connection never run";
    let remedy =
        format!("set {name}__accountName to use the app's identity, or the account's connection string");
    let of_host = |known: &str| name.get(..known.len()).is_some_and(|head| head.eq_ignore_ascii_case(known));
    let is_of_a_binding = connections(app)
        .iter()
        .any(|connection| of_host(connection) || of_host(&format!("AzureWebJobs{connection}")));
    let judge = if of_host("AzureWebJobsStorage") || is_of_a_binding { fail } else { warn };
    judge(name.to_owned(), why.to_owned(), remedy)
}

/// Whether a value is the short form of the emulator's connection string, or has its account or this machine in it.
fn leads_to_an_emulator(name: &str, value: &str) -> bool {
    let value: String = value.to_ascii_lowercase().split_whitespace().collect();
    let endpoints = value.split(';').filter_map(|part| part.split_once("endpoint=")).map(|(_, url)| url);
    let is_uri = name.to_ascii_lowercase().ends_with("serviceuri");
    value.contains("usedevelopmentstorage=true")
        || value.contains("devstoreaccount1")
        || endpoints.chain(is_uri.then_some(value.as_str())).any(is_of_this_machine)
}

fn is_of_this_machine(url: &str) -> bool {
    let host = url.split_once("://").map_or("", |(_, rest)| rest);
    ["localhost", "127.0.0.1", "[::1]", "azurite"]
        .iter()
        .any(|own| host.strip_prefix(own).is_some_and(|rest| rest.is_empty() || rest.starts_with([':', '/'])))
}

const DEVELOPMENT: Rule = Rule {
    id: "development-in-azure",
    promise: "the app in Azure does not run in development mode",
    source: "https://learn.microsoft.com/azure/azure-functions/functions-app-settings#azure_functions_environment",
    find: |app| {
        (app.settings_source? == SettingsSource::Azure).then(|| {
            let environment = app.settings.get("AZURE_FUNCTIONS_ENVIRONMENT").unwrap_or_default();
            let is_development = environment.eq_ignore_ascii_case("Development");
            let environment = is_development.then(|| {
                let why = "it is `Development`: the host in Azure then behaves as on a development machine, and shows more in \
                           its errors than callers should see";
                warn("AZURE_FUNCTIONS_ENVIRONMENT", why, "remove it, or set it to `Production`")
            });
            let core_tools = app.settings.get("FUNCTIONS_CORETOOLS_ENVIRONMENT").map(|_| {
                let why = "Core Tools set it on a development machine: in Azure it makes the host behave as there";
                fail("FUNCTIONS_CORETOOLS_ENVIRONMENT", why, "remove it")
            });
            environment.into_iter().chain(core_tools).collect()
        })
    },
};
