//! The contents of the app root: function folders and host.json.

use std::{env, fs, io, path::Path};

use serde_json::Value;

use crate::RegistrationErrors;

/// The host's own, where host.json names none.
pub(crate) const DEFAULT_PREFIX: &str = "api";

/// Why an app root cannot be served.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DeploymentError {
    /// A wrong folder is an error, so that it never looks like an app without functions.
    #[error("cannot read the app root {root}: {source}; check FUNCTIONS_APP_ROOT_PATH")]
    AppRoot {
        /// The app root.
        root: String,
        /// Why not.
        source: io::Error,
    },
    /// The file contains the route prefix.
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

/// What host.json, or an app setting in its place, configures for functions.
pub(crate) struct HostJson {
    pub(crate) prefix: String,
    /// Whether requests are forwarded, and not proxied.
    pub(crate) forwards: bool,
    /// The functions that the host loads; none means all.
    pub(crate) functions: Vec<String>,
}

impl HostJson {
    /// The values when host.json cannot be read; the app names the prefix itself.
    pub(crate) fn unknown(prefix: &str) -> Self {
        Self { prefix: prefix.to_owned(), forwards: false, functions: Vec::new() }
    }

    pub(crate) fn read(root: &Path) -> Result<Self, DeploymentError> {
        let file = root.join("host.json");
        let unreadable = |why: String| DeploymentError::HostJson { file: file.display().to_string(), why };
        let text = match fs::read_to_string(&file) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => "{}".to_owned(),
            Err(error) => return Err(unreadable(error.to_string())),
        };
        let text = text.trim_start_matches('\u{feff}');
        let host: Value = serde_json::from_str(text).map_err(|error| unreadable(error.to_string()))?;
        let value = |path: &[&str]| setting(path).map(Value::String).or_else(|| member(&host, path).cloned());
        let prefix = match value(&["extensions", "http", "routePrefix"]) {
            None | Some(Value::Null) => DEFAULT_PREFIX.to_owned(),
            Some(Value::String(prefix)) => prefix.trim_matches('/').to_owned(),
            Some(other) => {
                return Err(unreadable(format!("extensions.http.routePrefix must be text, not {other}")));
            }
        };
        let enables = |name| value(&["customHandler", name]).as_ref().is_some_and(is_true);
        let forwards = enables("enableForwardingHttpRequest") && !enables("enableProxyingHttpRequest");
        let functions = member(&host, &["functions"]).and_then(Value::as_array).into_iter().flatten();
        let functions = functions.filter_map(|name| name.as_str().map(str::to_owned)).collect();
        Ok(Self { prefix, forwards, functions })
    }

    /// Whether the host loads a function.
    pub(crate) fn loads(&self, function: &str) -> bool {
        self.functions.is_empty() || self.functions.iter().any(|name| name.eq_ignore_ascii_case(function))
    }
}

/// Whether an app setting switches a function off
/// (<https://learn.microsoft.com/azure/azure-functions/disable-function>).
pub(crate) fn is_disabled(function: &str) -> bool {
    let names = [format!("AzureWebJobs.{function}.Disabled"), format!("AzureWebJobs_{function}_Disabled")];
    names.iter().any(|name| variable(name).is_some_and(|value| is_true(&Value::String(value))))
}

/// The app setting that overrides a member of host.json
/// (<https://learn.microsoft.com/azure/azure-functions/functions-host-json#override-hostjson-values>).
fn setting(path: &[&str]) -> Option<String> {
    variable(&format!("AzureFunctionsJobHost__{}", path.join("__")))
}

/// The host reads settings ignoring case.
fn variable(name: &str) -> Option<String> {
    let mut all = env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
    all.find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value)
}

fn member<'a>(value: &'a Value, path: &[&str]) -> Option<&'a Value> {
    path.iter().try_fold(value, |value, name| {
        let mut members = value.as_object()?.iter();
        members.find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    })
}

fn is_true(value: &Value) -> bool {
    match value {
        Value::Bool(is_true) => *is_true,
        Value::String(text) => text == "1" || text.eq_ignore_ascii_case("true"),
        _ => false,
    }
}
