//! What stands in the app root: function folders and host.json.

use std::{env, fs, io, path::Path};

use serde_json::Value;

use crate::RegistrationErrors;

/// The host's own, where host.json names none.
pub(crate) const DEFAULT_PREFIX: &str = "api";
const PREFIX_SETTING: &str = "AzureFunctionsJobHost__extensions__http__routePrefix";

/// Why an app root cannot be served.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DeploymentError {
    /// So that a wrong one never looks like an app without functions.
    #[error("cannot read the app root {root}: {source}; check FUNCTIONS_APP_ROOT_PATH")]
    AppRoot {
        /// The app root.
        root: String,
        /// Why not.
        source: io::Error,
    },
    /// The route prefix stands there.
    #[error(
        "cannot read the route prefix from {file}: {why}; write plain JSON, or name it with `Functions::route_prefix`"
    )]
    HostJson {
        /// The file.
        file: String,
        /// Why not.
        why: String,
    },
    /// The host would call it and get 404.
    #[error(
        "the app root holds `{0}/function.json`, but no function of that name is registered: register it, or delete the folder"
    )]
    NotRegistered(String),
    /// The registrations contradict each other or the host.
    #[error(transparent)]
    Registration(#[from] RegistrationErrors),
}

/// The names of the folders that hold a function.json, as the file system spells them.
pub(crate) fn function_folders(root: &Path) -> Result<Vec<String>, DeploymentError> {
    let unreadable = |source| DeploymentError::AppRoot { root: root.display().to_string(), source };
    let mut names = Vec::new();
    for entry in fs::read_dir(root).map_err(unreadable)? {
        let entry = entry.map_err(unreadable)?;
        if entry.path().join("function.json").is_file() {
            names.push(entry.file_name().to_string_lossy().into_owned());
        }
    }
    Ok(names)
}

/// The route prefix: from the app setting that overrides host.json, else from host.json, else the host's own.
pub(crate) fn route_prefix(root: &Path) -> Result<String, DeploymentError> {
    if let Ok(prefix) = env::var(PREFIX_SETTING) {
        return Ok(prefix.trim_matches('/').to_owned());
    }
    let file = root.join("host.json");
    let unreadable = |why: String| DeploymentError::HostJson { file: file.display().to_string(), why };
    let text = match fs::read_to_string(&file) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(DEFAULT_PREFIX.to_owned()),
        Err(error) => return Err(unreadable(error.to_string())),
    };
    let text = text.trim_start_matches('\u{feff}');
    let host: Value = serde_json::from_str(text).map_err(|error| unreadable(error.to_string()))?;
    match host.pointer("/extensions/http/routePrefix") {
        None | Some(Value::Null) => Ok(DEFAULT_PREFIX.to_owned()),
        Some(Value::String(prefix)) => Ok(prefix.trim_matches('/').to_owned()),
        Some(other) => Err(unreadable(format!("extensions.http.routePrefix must be text, not {other}"))),
    }
}
