//! Reads the environment variables that the worker knows, and collects the errors in them.

use std::{collections::BTreeMap, ffi::OsString};

use super::{
    environment::Environment,
    errors::{ConfigError, ConfigErrors},
    needs::ConfigNeeds,
    setting::Setting,
    settings::{self, SETTING_PREFIX, SETTINGS},
    value::{self, Invalid},
};

const PORT: &str = "FUNCTIONS_CUSTOMHANDLER_PORT";
const ENVIRONMENT: &str = "AZURE_FUNCTIONS_ENVIRONMENT";
const AUTHENTICATION: &str = "WEBSITE_AUTH_ENABLED";
/// The platform sets both for an app that has a managed identity:
/// `docs/reference/identity.md#managed-identity`.
const MANAGED_IDENTITY: [&str; 2] = ["IDENTITY_ENDPOINT", "IDENTITY_HEADER"];

/// Each of these variables is set by a platform that runs Function Apps:
/// `docs/reference/identity.md#development-machine-or-azure`.
const PLATFORM: [&str; 6] = [
    "WEBSITE_INSTANCE_ID",
    "WEBSITE_SITE_NAME",
    "WEBSITE_SKU",
    "WEBSITE_POD_NAME",
    "CONTAINER_NAME",
    "LEGION_SERVICE_HOST",
];

/// What the platform passes on when it could not resolve a reference to a secret; compared ignoring case.
const UNRESOLVED: &str = "@microsoft.keyvault(";

/// The environment variables of the process, and the errors found in them so far.
pub(super) struct EnvReader {
    values: BTreeMap<String, OsString>,
    errors: Vec<ConfigError>,
}

impl EnvReader {
    pub(super) fn new(variables: impl IntoIterator<Item = (OsString, OsString)>, needs: ConfigNeeds) -> Self {
        let mut env = Self { values: BTreeMap::new(), errors: Vec::new() };
        for (name, value) in variables {
            let name = name.to_string_lossy().into_owned();
            // Linux distinguishes case. A name in another case means this setting: if it were ignored, it would
            // protect nothing.
            let looks_like_ours = has_setting_prefix(&name) || settings::find_ignoring_case(&name).is_some();
            if looks_like_ours && settings::find(&name).is_none() {
                env.errors.push(ConfigError::unknown(&name));
            } else if is_relevant(&name) {
                // If a name occurs twice, the first value counts, as for every other reader of the environment.
                env.values.entry(name).or_insert(value);
            }
        }
        for setting in SETTINGS.iter().filter(|setting| setting.concerns(needs)) {
            env.check_setting(setting);
        }
        env
    }

    /// Finds the errors that every kind of setting may have.
    fn check_setting(&mut self, setting: &Setting) {
        let error = match self.values.get(setting.name).map(|value| value.to_str()) {
            None => None,
            Some(None) => Some("must be UTF-8 text".to_owned()),
            Some(Some(text)) => check_text(text),
        };
        if let Some(error) = error {
            self.push_error(setting.name, error);
        }
    }

    pub(super) fn environment(&self) -> Environment {
        if self.azure_signs().is_empty() { Environment::Local } else { Environment::Azure }
    }

    /// The variables that make this machine count as Azure, as words of one sentence; empty on a development machine.
    fn azure_signs(&self) -> Vec<String> {
        let set = PLATFORM.into_iter().filter(|name| self.values.contains_key(*name));
        let mut signs: Vec<_> = set.map(|name| format!("{name} is set")).collect();
        if self.values.get(ENVIRONMENT).is_none_or(|value| value != "Development") {
            signs.push(format!("{ENVIRONMENT} is not `Development`"));
        }
        signs
    }

    /// An error that applies only in Azure, with the variables that make this machine count as Azure: a container may
    /// look like it.
    fn with_azure_reasons(&self, error: &str) -> String {
        format!("{error} (the rules for Azure apply because {})", self.azure_signs().join(" and "))
    }

    pub(super) fn port(&mut self) -> Option<u16> {
        self.require(
            PORT,
            "is missing: the Functions host sets it when it starts the worker. Run `cargo xtask dev`",
        );
        self.optional(PORT, value::port)
    }

    /// Without EasyAuth before the worker, anyone could write the headers that identify a caller.
    pub(super) fn require_easyauth(&mut self) {
        let on = |value: &OsString| value.eq_ignore_ascii_case("true");
        if !self.values.get(AUTHENTICATION).is_some_and(on) {
            let error = "must be `true`: turn on App Service Authentication, which sets it. Never set it by hand. On a \
                         development machine run `cargo xtask dev`";
            self.push_error(AUTHENTICATION, error.to_owned());
        }
    }

    /// Whether the platform offers a managed identity.
    pub(super) fn has_managed_identity(&self) -> bool {
        MANAGED_IDENTITY.iter().all(|name| self.values.contains_key(*name))
    }

    /// Without an App Service identity, the Azure client would look for a virtual machine's, for minutes.
    pub(super) fn require_managed_identity(&mut self, asking: &'static str) {
        if !self.has_managed_identity() {
            let error = "needs a managed identity, and this app has none: assign one to the app. On a development \
                         machine remove this setting";
            match self.environment() {
                Environment::Local => self.push_error(asking, error.to_owned()),
                Environment::Azure => self.push_error(asking, self.with_azure_reasons(error)),
            }
        }
    }

    /// The setting's value or its default; `None` if the value is invalid.
    pub(super) fn read<T>(&mut self, name: &'static str, parse: Parser<T>) -> Option<T> {
        let default = settings::find(name).and_then(|setting| setting.default);
        self.parse(name, default, parse)
    }

    /// The setting's value; `None` if it is not set or invalid.
    pub(super) fn optional<T>(&mut self, name: &'static str, parse: Parser<T>) -> Option<T> {
        self.parse(name, None, parse)
    }

    /// Like `optional`, for a value that is allowed only on a developer's machine: the error says why Azure does not
    /// allow it.
    pub(super) fn optional_in_azure<T>(&mut self, name: &'static str, parse: Parser<T>) -> Option<T> {
        let before = self.errors.len();
        let value = self.parse(name, None, parse);
        if let Some(error) = self.errors.get(before) {
            self.errors[before] = ConfigError::new(name, self.with_azure_reasons(error.message()));
        }
        value
    }

    /// Adds an error for a setting that is not set, unless it already has an error.
    pub(super) fn require(&mut self, name: &'static str, error: &str) {
        if !self.values.contains_key(name) && !self.has_error(name) {
            self.push_error(name, error.to_owned());
        }
    }

    /// As [`Self::require`], but only in Azure: a development machine does without the setting.
    pub(super) fn require_in_azure(&mut self, name: &'static str, error: &str) {
        self.require(name, &self.with_azure_reasons(error));
    }

    /// Whether the setting has a value, right or wrong.
    pub(super) fn is_set(&self, name: &str) -> bool {
        self.values.contains_key(name)
    }

    /// A variable that the platform sets.
    pub(super) fn platform_variable(&self, name: &str) -> Option<&str> {
        self.values.get(name)?.to_str()
    }

    /// Adds an error for a setting that is set, unless it already has an error.
    pub(super) fn forbid(&mut self, name: &'static str, error: &str) {
        if self.is_set(name) && !self.has_error(name) {
            self.push_error(name, error.to_owned());
        }
    }

    /// Adds an error for a setting that names a secret of the vault, when there is no vault.
    pub(super) fn require_vault(&mut self, asking: &'static str, is_in_vault: bool) {
        if is_in_vault && !self.is_set("KeyVaultUrl") {
            self.push_error(
                asking,
                "names a secret in a vault: set KeyVaultUrl to the address of the vault".to_owned(),
            );
        }
    }

    /// Adds an error for a setting whose value is right by itself.
    pub(super) fn add_error(&mut self, name: &'static str, error: &str) {
        self.push_error(name, error.to_owned());
    }

    /// As [`Self::add_error`], for a value that would be allowed on a development machine.
    pub(super) fn add_azure_error(&mut self, name: &'static str, error: &str) {
        self.push_error(name, self.with_azure_reasons(error));
    }

    pub(super) fn finish(self) -> ConfigErrors {
        ConfigErrors::new(self.errors)
    }

    fn parse<T>(&mut self, name: &'static str, default: Option<&str>, parse: Parser<T>) -> Option<T> {
        if self.has_error(name) {
            return None;
        }
        let text = match self.values.get(name) {
            Some(value) => value.to_str()?,
            None => default?,
        };
        match parse(text) {
            Ok(value) => Some(value),
            Err(Invalid::Form) => {
                let form = settings::find(name).map_or("a known setting", |setting| setting.form);
                self.push_error(name, format!("must be {form}"));
                None
            }
            Err(Invalid::Because(error)) => {
                self.push_error(name, error.to_owned());
                None
            }
        }
    }

    fn has_error(&self, name: &str) -> bool {
        self.errors.iter().any(|error| error.setting() == name)
    }

    fn push_error(&mut self, name: &str, text: String) {
        self.errors.push(ConfigError::new(name, text));
    }
}

/// Parses a value, or returns what is wrong with it without repeating it.
pub(super) type Parser<T> = fn(&str) -> Result<T, Invalid>;

fn has_setting_prefix(name: &str) -> bool {
    name.get(..SETTING_PREFIX.len()).is_some_and(|start| start.eq_ignore_ascii_case(SETTING_PREFIX))
}

fn is_relevant(name: &str) -> bool {
    settings::find(name).is_some()
        || PLATFORM.contains(&name)
        || [ENVIRONMENT, AUTHENTICATION].contains(&name)
        || MANAGED_IDENTITY.contains(&name)
}

fn check_text(text: &str) -> Option<String> {
    if text.trim().is_empty() {
        return Some("must not be empty: give it a value, or remove it".to_owned());
    }
    if text.to_ascii_lowercase().contains(UNRESOLVED) {
        return Some(
            "is a Key Vault reference that Azure could not resolve: check the address of the secret, and that the \
             app's identity may read it"
                .to_owned(),
        );
    }
    None
}
