//! functions-emulator.json of an app: its users, its keys, and options of the command.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use functions_lint::json::Document;
use serde::{Deserialize, Deserializer, de::Error as _};
use serde_json::Value;

use crate::{
    access_keys::{AccessKeys, KEYS_FORM, KeysFile},
    easyauth::EasyAuthMode,
    users::{USERS_FILE, Users, UsersError},
};

/// What the file of an app says; the default users, no keys and no options where there is no file.
#[derive(Clone, Debug)]
pub struct EmulatorFile {
    /// Who can sign in.
    pub users: Users,
    /// The keys that functions demand; none where the file has none.
    pub keys: Option<AccessKeys>,
    /// Options of the command.
    pub options: FileOptions,
}

/// The two sections beside the users.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Sections {
    #[serde(deserialize_with = "keys")]
    keys: Option<KeysFile>,
    #[serde(deserialize_with = "options")]
    options: FileOptions,
}

/// Options of the command for an app. Each option of the command line wins over the one here.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct FileOptions {
    /// The port to listen on, 0 for any free one. It wins over `LocalHttpPort` of local.settings.json.
    pub port: Option<u16>,
    /// The port of the console, 0 for any free one. The app's port without it.
    pub console_port: Option<u16>,
    /// Whether callers' tokens are checked and principal headers set.
    pub easyauth: Option<EasyAuthMode>,
    /// The path of the app's OpenAPI document. Without it, `openapi.json` below the route prefix.
    pub openapi: Option<String>,
    /// Whether the worker is told to export its traces to the console. It is, if this is left out.
    pub otlp: Option<bool>,
    /// The command that builds the app before the worker starts, each time.
    pub build: Option<String>,
    /// Whether the worker restarts when a file of the app folder is saved.
    pub watch: bool,
    /// App settings for the worker by name, as those of `--setting`. A secret is better off in local.settings.json.
    #[cfg_attr(test, schemars(with = "BTreeMap<String, String>"))]
    #[serde(deserialize_with = "settings")]
    pub settings: BTreeMap<String, String>,
}

impl EmulatorFile {
    /// The file [`USERS_FILE`] in an app folder.
    ///
    /// # Errors
    /// As [`Self::load`], for an existing file.
    pub fn from_app_folder(root: &Path) -> Result<Self, UsersError> {
        let file = root.join(USERS_FILE);
        if file.exists() {
            return Self::load(&file);
        }
        Ok(Self { users: Users::from_app_folder(root)?, keys: None, options: FileOptions::default() })
    }

    /// Reads a file.
    ///
    /// # Errors
    /// When the file cannot be read, is not of the expected form, or holds a value that cannot be used. The error repeats
    /// no key and no setting.
    pub fn load(path: &Path) -> Result<Self, UsersError> {
        let named = || PathBuf::from(path);
        let bytes = fs::read(path).map_err(|source| UsersError::Unreadable { path: named(), source })?;
        let read = Document::parse_bytes(&bytes).and_then(|document| document.to::<Sections>());
        let sections = read.map_err(|source| UsersError::Form { path: named(), source })?;
        Ok(Self {
            users: Users::load(path)?,
            keys: sections.keys.map(AccessKeys::from),
            options: sections.options,
        })
    }
}

/// The keys, or an error that repeats none of them.
fn keys<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<KeysFile>, D::Error> {
    let form = || D::Error::custom(format!("`keys` must look like {KEYS_FORM}"));
    serde_json::from_value(object(deserializer)?.ok_or_else(form)?).map(Some).map_err(|_| form())
}

fn options<'de, D: Deserializer<'de>>(deserializer: D) -> Result<FileOptions, D::Error> {
    let form = || D::Error::custom("`options` must be an object");
    serde_json::from_value(object(deserializer)?.ok_or_else(form)?).map_err(D::Error::custom)
}

/// The settings, or an error that repeats no value.
fn settings<'de, D: Deserializer<'de>>(deserializer: D) -> Result<BTreeMap<String, String>, D::Error> {
    let form = || D::Error::custom("`settings` must look like {\"NAME\": \"text\"}");
    serde_json::from_value(object(deserializer)?.ok_or_else(form)?).map_err(|_| form())
}

/// An object; a derived reader would take a list of values as well.
fn object<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    Ok(Some(Value::deserialize(deserializer)?).filter(Value::is_object))
}
