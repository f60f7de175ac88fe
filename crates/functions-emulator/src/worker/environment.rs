//! The environment variables that the host sets for its worker.

// The host: docs/reference/host-protocol.md#environment.

use std::{collections::BTreeMap, env};

use functions_lint::command_line::Variable;
use tokio::process::Command;

use super::Setup;
use crate::{easyauth::EasyAuthMode, ids, local_settings::Origin};

const AUTH_ENABLED: &str = "WEBSITE_AUTH_ENABLED";

/// Variables that [only the platform sets](https://learn.microsoft.com/azure/app-service/reference-app-settings). A
/// shell in a container may have some of them by chance, and a worker that checks would take this laptop for the
/// platform; a developer who wants that sets them in the settings.
const PLATFORM_VARIABLES: [&str; 7] = [
    AUTH_ENABLED,
    "WEBSITE_INSTANCE_ID",
    "WEBSITE_SITE_NAME",
    "WEBSITE_SKU",
    "WEBSITE_POD_NAME",
    "CONTAINER_NAME",
    "LEGION_SERVICE_HOST",
];

/// A variable of OpenTelemetry, as its specification names them all.
const OPEN_TELEMETRY: &str = "OTEL_";

/// Defaults for variables that neither the shell nor the settings set; Core Tools set the same.
const DEFAULT_VARIABLES: [(&str, &str); 2] =
    [("AZURE_FUNCTIONS_ENVIRONMENT", "Development"), ("FUNCTIONS_WORKER_RUNTIME", "custom")];

/// A variable of the worker's environment.
pub(crate) struct Described {
    pub(crate) value: String,
    /// Everything that sets it; the last one counts.
    pub(crate) origins: Vec<Origin>,
}

/// The variables that the host alone sets, for one process: its command line may name these.
pub(super) fn variables(setup: &Setup, port: u16) -> [Variable; 5] {
    let (port, id) = (port.to_string(), ids::random().to_string());
    [
        ("FUNCTIONS_HTTPWORKER_PORT", port.clone()),
        ("FUNCTIONS_HTTPWORKER_ID", id.clone()),
        ("FUNCTIONS_CUSTOMHANDLER_PORT", port),
        ("FUNCTIONS_CUSTOMHANDLER_WORKER_ID", id),
        ("FUNCTIONS_APP_ROOT_PATH", setup.app_root.display().to_string()),
    ]
}

/// Sets the environment of one process: inherited, then settings, then what the host alone decides.
pub(super) fn apply(command: &mut Command, setup: &Setup, variables: &[Variable]) {
    for name in PLATFORM_VARIABLES {
        command.env_remove(name);
    }
    command.envs(set(setup, variables).map(|(name, value, _)| (name, value)));
}

/// The environment of a worker that listens on this port, by name.
pub(super) fn describe(setup: &Setup, port: u16) -> BTreeMap<String, Described> {
    let mut all = BTreeMap::new();
    for (name, value) in env::vars_os() {
        let name = name.to_string_lossy().into_owned();
        if !PLATFORM_VARIABLES.contains(&name.as_str()) {
            let hidden = setup.hidden_settings.contains(&name).then_some(Origin::LocalSettings);
            let origins = hidden.into_iter().chain([Origin::Shell]).collect();
            all.insert(name, Described { value: value.to_string_lossy().into_owned(), origins });
        }
    }
    for (name, value, origin) in set(setup, &variables(setup, port)) {
        let entry =
            all.entry(name.to_owned()).or_insert(Described { value: String::new(), origins: Vec::new() });
        value.clone_into(&mut entry.value);
        entry.origins.push(origin);
    }
    all
}

/// What is set beside the inherited environment; of two values of one name the later one counts.
fn set<'a>(setup: &'a Setup, variables: &'a [Variable]) -> impl Iterator<Item = (&'a str, &'a str, Origin)> {
    let defaults = DEFAULT_VARIABLES.into_iter().filter(|(name, _)| env::var_os(name).is_none());
    let settings = setup.settings.iter().zip(&setup.origins);
    let otlp = setup.otlp_endpoint.as_deref().filter(|_| !sets_open_telemetry(setup));
    let otlp = otlp.map(|endpoint| {
        [("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint), ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf")]
    });
    let auth = (setup.easyauth != EasyAuthMode::Off).then_some((AUTH_ENABLED, "True", Origin::Host));
    defaults
        .map(|(name, value)| (name, value, Origin::Default))
        .chain(settings.map(|((name, value), origin)| (name.as_str(), value.as_str(), *origin)))
        .chain(otlp.into_iter().flatten().map(|(name, value)| (name, value, Origin::Host)))
        .chain(auth)
        .chain(variables.iter().map(|(name, value)| (*name, value.as_str(), Origin::Host)))
}

/// Whether the shell or the settings say anything about OpenTelemetry.
fn sets_open_telemetry(setup: &Setup) -> bool {
    let mut settings = setup.settings.iter().map(|(name, _)| name.as_str());
    settings.any(|name| name.starts_with(OPEN_TELEMETRY))
        || env::vars_os().any(|(name, _)| name.as_encoded_bytes().starts_with(OPEN_TELEMETRY.as_bytes()))
}
