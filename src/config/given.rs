//! The environment, confined to what concerns the worker, with the faults found in it so far.

use std::{collections::BTreeMap, ffi::OsString};

use super::{
    faults::{Fault, Faults},
    needs::Needs,
    place::Place,
    settings::{self, PREFIX, SETTINGS, Setting},
    value::{self, Invalid},
};

const PORT: &str = "FUNCTIONS_CUSTOMHANDLER_PORT";
const ENVIRONMENT: &str = "AZURE_FUNCTIONS_ENVIRONMENT";
const AUTHENTICATION: &str = "WEBSITE_AUTH_ENABLED";
/// The platform sets both for an app that has a managed identity:
/// `docs/reference/identity.md#managed-identity`.
const MANAGED_IDENTITY: [&str; 2] = ["IDENTITY_ENDPOINT", "IDENTITY_HEADER"];

/// Each of these is set by a platform that runs Function Apps:
/// `docs/reference/identity.md#development-machine-or-azure`.
const PLATFORM: [&str; 6] = [
    "WEBSITE_INSTANCE_ID",
    "WEBSITE_SITE_NAME",
    "WEBSITE_SKU",
    "WEBSITE_POD_NAME",
    "CONTAINER_NAME",
    "LEGION_SERVICE_HOST",
];

/// What the platform hands through when it could not resolve a reference to a secret; in any letters.
const UNRESOLVED: &str = "@microsoft.keyvault(";

/// What was given, and what is wrong with it.
pub(super) struct Given {
    values: BTreeMap<String, OsString>,
    faults: Vec<Fault>,
}

impl Given {
    pub(super) fn new(environment: impl IntoIterator<Item = (OsString, OsString)>, needs: Needs) -> Self {
        let mut given = Self { values: BTreeMap::new(), faults: Vec::new() };
        for (name, value) in environment {
            let name = name.to_string_lossy().into_owned();
            // Linux tells letters apart, and who wrote them means the setting: ignored it would protect nothing.
            let looks_like_ours = begins_with_prefix(&name) || settings::spelled(&name).is_some();
            if looks_like_ours && settings::named(&name).is_none() {
                given.faults.push(Fault::unknown(&name));
            } else if is_of_interest(&name) {
                // Of a name that occurs twice the first holds, as for every other reader of the environment.
                given.values.entry(name).or_insert(value);
            }
        }
        for setting in SETTINGS.iter().filter(|setting| setting.concerns(needs)) {
            given.check(setting);
        }
        given
    }

    /// Finds the faults that any setting may have, whatever it means.
    fn check(&mut self, setting: &Setting) {
        let fault = match self.values.get(setting.name).map(|value| value.to_str()) {
            None => None,
            Some(None) => Some("must be UTF-8 text".to_owned()),
            Some(Some(text)) => fault_of_text(text),
        };
        if let Some(fault) = fault {
            self.fault(setting.name, fault);
        }
    }

    pub(super) fn place(&self) -> Place {
        if self.signs_of_the_platform().is_empty() { Place::Local } else { Place::Platform }
    }

    /// What makes this the platform, each sign in words that follow on each other; none on a developer's machine.
    fn signs_of_the_platform(&self) -> Vec<String> {
        let set = PLATFORM.into_iter().filter(|name| self.values.contains_key(*name));
        let mut signs: Vec<_> = set.map(|name| format!("{name} is set")).collect();
        if self.values.get(ENVIRONMENT).is_none_or(|value| value != "Development") {
            signs.push(format!("{ENVIRONMENT} is not `Development`"));
        }
        signs
    }

    /// A fault that is none on a developer's machine, with what makes this the platform: a container may look like it.
    fn strictly(&self, fault: &str) -> String {
        format!("{fault} (the rules for Azure apply because {})", self.signs_of_the_platform().join(" and "))
    }

    pub(super) fn port(&mut self) -> Option<u16> {
        self.demand(
            PORT,
            "is missing: the Functions host sets it when it starts the worker. Run `cargo xtask dev`",
        );
        self.optional(PORT, value::port)
    }

    /// Without the platform's authentication in front, anyone could write the headers that say who they are.
    pub(super) fn demand_platform_authentication(&mut self) {
        let on = |value: &OsString| value.eq_ignore_ascii_case("true");
        if !self.values.get(AUTHENTICATION).is_some_and(on) {
            let fault = "must be `true`: turn on App Service Authentication, which sets it. Never set it by hand. On a \
                         development machine run `cargo xtask dev`";
            self.fault(AUTHENTICATION, fault.to_owned());
        }
    }

    /// Whether the platform offers a managed identity.
    pub(super) fn has_managed_identity(&self) -> bool {
        MANAGED_IDENTITY.iter().all(|name| self.values.contains_key(*name))
    }

    /// Where there is no App Service identity, the Azure client would look for a virtual machine's, for minutes.
    pub(super) fn demand_managed_identity(&mut self, asking: &'static str) {
        if !self.has_managed_identity() {
            let fault = "needs a managed identity, and this app has none: assign one to the app. On a development \
                         machine remove this setting";
            match self.place() {
                Place::Local => self.fault(asking, fault.to_owned()),
                Place::Platform => self.fault(asking, self.strictly(fault)),
            }
        }
    }

    /// The setting's value or else its default, unless it is faulty.
    pub(super) fn read<T>(&mut self, name: &'static str, parse: Parse<T>) -> Option<T> {
        let default = settings::named(name).and_then(|setting| setting.default);
        self.parse(name, default, parse)
    }

    /// The setting's value, unless it is not set or faulty.
    pub(super) fn optional<T>(&mut self, name: &'static str, parse: Parse<T>) -> Option<T> {
        self.parse(name, None, parse)
    }

    /// The same, where the value would do on a developer's machine: the fault says why it does not do here.
    pub(super) fn optional_strictly<T>(&mut self, name: &'static str, parse: Parse<T>) -> Option<T> {
        let before = self.faults.len();
        let value = self.parse(name, None, parse);
        if let Some(fault) = self.faults.get(before) {
            self.faults[before] = Fault::new(name, self.strictly(fault.text()));
        }
        value
    }

    /// Finds fault with a setting that is not set, unless that was done.
    pub(super) fn demand(&mut self, name: &'static str, fault: &str) {
        if !self.values.contains_key(name) && !self.is_faulty(name) {
            self.fault(name, fault.to_owned());
        }
    }

    /// The same, where a developer's machine does without the setting.
    pub(super) fn demand_strictly(&mut self, name: &'static str, fault: &str) {
        self.demand(name, &self.strictly(fault));
    }

    /// Whether the setting has a value, right or wrong.
    pub(super) fn is_set(&self, name: &str) -> bool {
        self.values.contains_key(name)
    }

    /// What the platform says of itself under this name.
    pub(super) fn of_platform(&self, name: &str) -> Option<&str> {
        self.values.get(name)?.to_str()
    }

    /// Finds fault with a setting that is set, unless that was done.
    pub(super) fn demand_not(&mut self, name: &'static str, fault: &str) {
        if self.is_set(name) && !self.is_faulty(name) {
            self.fault(name, fault.to_owned());
        }
    }

    /// Finds fault with a setting that says its text is in the vault, when there is none.
    pub(super) fn demand_vault(&mut self, asking: &'static str, is_in_vault: bool) {
        if is_in_vault && !self.is_set("KeyVaultUrl") {
            self.fault(
                asking,
                "names a secret in a vault: set KeyVaultUrl to the address of the vault".to_owned(),
            );
        }
    }

    /// Finds fault with a setting whose value is right by itself.
    pub(super) fn find_fault(&mut self, name: &'static str, fault: &str) {
        self.fault(name, fault.to_owned());
    }

    /// The same, where the value would do on a developer's machine.
    pub(super) fn find_fault_strictly(&mut self, name: &'static str, fault: &str) {
        self.fault(name, self.strictly(fault));
    }

    pub(super) fn finish(self) -> Faults {
        Faults::new(self.faults)
    }

    fn parse<T>(&mut self, name: &'static str, default: Option<&str>, parse: Parse<T>) -> Option<T> {
        if self.is_faulty(name) {
            return None;
        }
        let text = match self.values.get(name) {
            Some(value) => value.to_str()?,
            None => default?,
        };
        match parse(text) {
            Ok(value) => Some(value),
            Err(Invalid::Form) => {
                let form = settings::named(name).map_or("a known setting", |setting| setting.form);
                self.fault(name, format!("must be {form}"));
                None
            }
            Err(Invalid::Because(fault)) => {
                self.fault(name, fault.to_owned());
                None
            }
        }
    }

    fn is_faulty(&self, name: &str) -> bool {
        self.faults.iter().any(|fault| fault.setting() == name)
    }

    fn fault(&mut self, name: &str, text: String) {
        self.faults.push(Fault::new(name, text));
    }
}

/// Understands a value, or says what is wrong with it without repeating it.
pub(super) type Parse<T> = fn(&str) -> Result<T, Invalid>;

fn begins_with_prefix(name: &str) -> bool {
    name.get(..PREFIX.len()).is_some_and(|start| start.eq_ignore_ascii_case(PREFIX))
}

fn is_of_interest(name: &str) -> bool {
    settings::named(name).is_some()
        || PLATFORM.contains(&name)
        || [ENVIRONMENT, AUTHENTICATION].contains(&name)
        || MANAGED_IDENTITY.contains(&name)
}

fn fault_of_text(text: &str) -> Option<String> {
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
