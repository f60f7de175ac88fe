//! Environments for the tests of the settings.

use std::{collections::BTreeMap, ffi::OsString};

use super::{Config, ConfigErrors, ConfigNeeds, Environment, SETTINGS};

mod azure;
mod certificates;
mod document;
mod environment;
mod errors;
mod example;
mod fulfilment;
mod identity;
mod otlp;
mod schema;
mod values;

/// A local environment in which a process with every need starts.
fn local() -> BTreeMap<&'static str, &'static str> {
    BTreeMap::from([
        ("FUNCTIONS_CUSTOMHANDLER_PORT", "40001"),
        ("AZURE_FUNCTIONS_ENVIRONMENT", "Development"),
        ("WEBSITE_AUTH_ENABLED", "true"),
        ("ORDERS_IDENTITY", "easyauth"),
        ("PATH", "/bin"),
    ])
}

fn local_with(more: &[(&'static str, &'static str)]) -> BTreeMap<&'static str, &'static str> {
    local().into_iter().chain(more.iter().copied()).collect()
}

fn azure_with(more: &[(&'static str, &'static str)]) -> BTreeMap<&'static str, &'static str> {
    let mut environment = local_with(more);
    environment.insert("WEBSITE_SITE_NAME", "any");
    environment
}

/// What the platform demands beside a tenant, of a process that serves HTTP functions.
const DEMANDED: [(&str, &str); 2] = [
    ("ORDERS_DATABASE_URL", "postgres://db/orders?sslmode=verify-full"),
    ("ORDERS_ENTRA_ALLOWED_CLIENTS", "9b1f6f5c-4a2e-4f0e-8f43-2b8c7f9d3e02"),
];

const EVERYTHING: ConfigNeeds =
    ConfigNeeds { http: true, openapi: true, fulfilment: true, incoming: true, secrets: true };
const HTTP: ConfigNeeds =
    ConfigNeeds { http: true, openapi: true, fulfilment: false, incoming: false, secrets: false };
const INCOMING: ConfigNeeds =
    ConfigNeeds { http: false, openapi: false, fulfilment: false, incoming: true, secrets: false };
const DATABASE_ONLY: ConfigNeeds =
    ConfigNeeds { http: false, openapi: false, fulfilment: false, incoming: false, secrets: false };

fn read(
    environment: &BTreeMap<&'static str, &'static str>,
    needs: ConfigNeeds,
) -> Result<Config, ConfigErrors> {
    let pairs = environment.iter().map(|(name, value)| (OsString::from(name), OsString::from(value)));
    Config::read(pairs, needs)
}

/// The names of the settings that stop a start.
fn settings_with_errors(
    environment: &BTreeMap<&'static str, &'static str>,
    needs: ConfigNeeds,
) -> Vec<String> {
    let faults = read(environment, needs).err();
    faults.iter().flat_map(ConfigErrors::iter).map(|fault| fault.setting().to_owned()).collect()
}

/// The error message for the one setting that stops a start.
#[track_caller]
fn error_message(environment: &BTreeMap<&'static str, &'static str>, needs: ConfigNeeds) -> String {
    let faults = read(environment, needs).unwrap_err();
    let all: Vec<_> = faults.iter().collect();
    assert_eq!(all.len(), 1, "{faults}");
    all[0].message().to_owned()
}
