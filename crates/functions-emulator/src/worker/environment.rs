//! The environment variables that the host sets for its worker.

// The host: docs/reference/host-protocol.md#environment.

use functions_lint::command_line::Variable;
use tokio::process::Command;

use super::Setup;
use crate::{easyauth::EasyAuthMode, ids};

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

/// Defaults for variables that neither the shell nor the settings set; Core Tools set the same.
const DEFAULT_VARIABLES: [(&str, &str); 2] =
    [("AZURE_FUNCTIONS_ENVIRONMENT", "Development"), ("FUNCTIONS_WORKER_RUNTIME", "custom")];

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
    for (name, value) in DEFAULT_VARIABLES {
        if std::env::var_os(name).is_none() {
            command.env(name, value);
        }
    }
    command.envs(setup.settings.iter().map(|(name, value)| (name, value)));
    if setup.easyauth != EasyAuthMode::Off {
        command.env(AUTH_ENABLED, "True");
    }
    command.envs(variables.iter().map(|(name, value)| (name, value)));
}
