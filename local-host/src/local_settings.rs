//! local.settings.json, as Core Tools read it (protocol sheet §1.2): what holds on a developer's machine alone.

use std::{env, path::Path};

use host_traps::json_file;
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::cors::Cors;

/// The file's name in an app folder.
const FILE: &str = "local.settings.json";

/// What the file says; nothing where there is none.
#[derive(Clone, Debug, Default)]
pub struct LocalSettings {
    /// `Values`, and each of `ConnectionStrings` as `ConnectionStrings:<name>`; null values are none.
    pub values: Vec<(String, String)>,
    /// `Host.CORS` and `Host.CORSCredentials`.
    pub cors: Option<Cors>,
    /// `Host.LocalHttpPort`.
    pub port: Option<u16>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct File {
    #[serde(rename = "IsEncrypted")]
    is_encrypted: bool,
    #[serde(rename = "Values")]
    values: Map<String, Value>,
    #[serde(rename = "ConnectionStrings")]
    connection_strings: Map<String, Value>,
    #[serde(rename = "Host")]
    host: HostSection,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct HostSection {
    #[serde(rename = "CORS")]
    cors: String,
    #[serde(rename = "CORSCredentials")]
    cors_credentials: bool,
    #[serde(rename = "LocalHttpPort")]
    port: Option<u16>,
}

impl LocalSettings {
    /// Reads the file in an app folder.
    ///
    /// # Errors
    /// One sentence: it is no JSON, of another form, or encrypted.
    pub fn read(app_root: &Path) -> Result<Self, String> {
        let path = app_root.join(FILE);
        if !path.is_file() {
            return Ok(Self::default());
        }
        let file: File = serde_json::from_value(json_file::read(&path, FILE)?)
            .map_err(|error| format!("{FILE} has another form than Core Tools write: {error}"))?;
        if file.is_encrypted {
            return Err(format!("{FILE} is encrypted; run `func settings decrypt` first"));
        }
        let connections = file.connection_strings.iter();
        let connections = connections.map(|(name, value)| (format!("ConnectionStrings:{name}"), value));
        let named = file.values.iter().map(|(name, value)| (name.clone(), value)).chain(connections);
        let mut values = Vec::new();
        for (name, value) in named {
            let text = match value {
                Value::Null => continue,
                Value::String(text) => text.clone(),
                Value::Bool(_) | Value::Number(_) => value.to_string(),
                Value::Array(_) | Value::Object(_) => {
                    return Err(format!(
                        "{FILE}: {name} must be a text, for it becomes an environment variable"
                    ));
                }
            };
            values.push((name, text));
        }
        Ok(Self {
            values,
            cors: Cors::parse(&file.host.cors, file.host.cors_credentials),
            port: file.host.port,
        })
    }

    /// The settings that hold: `own` above those of this file, which yield to what the shell sets.
    #[must_use]
    pub fn beneath(&self, own: &[(String, String)]) -> Vec<(String, String)> {
        let free = |name: &str| env::var_os(name).is_none_or(|value| value.is_empty());
        let below = self.values.iter().filter(|(name, _)| free(name)).cloned();
        below.chain(own.iter().cloned()).collect()
    }
}
