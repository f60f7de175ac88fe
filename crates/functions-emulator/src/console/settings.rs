//! Settings, options and the worker's environment, with where each comes from. A value is told only if its name is known
//! to be harmless; every other value stays here, whatever it is.

use serde_json::{Value, json};

use super::overview;
use crate::{
    emulator_file::EmulatorFile,
    host::Host,
    local_settings::{LocalSettings, Origin},
    options::Options,
    worker::Described,
};

/// Names whose values say nothing of anybody: what the host sets, and how programs print.
const HARMLESS: [&str; 20] = [
    "AZURE_FUNCTIONS_ENVIRONMENT",
    "FUNCTIONS_APP_ROOT_PATH",
    "FUNCTIONS_CUSTOMHANDLER_PORT",
    "FUNCTIONS_EMULATOR_QUEUE_LEASE",
    "FUNCTIONS_EXTENSION_VERSION",
    "FUNCTIONS_HTTPWORKER_PORT",
    "FUNCTIONS_REQUEST_BODY_SIZE_LIMIT",
    "FUNCTIONS_WORKER_RUNTIME",
    "WEBSITE_AUTH_ENABLED",
    "LANG",
    "LC_ALL",
    "LC_CTYPE",
    "NODE_ENV",
    "NO_COLOR",
    "PYTHONUNBUFFERED",
    "RUST_BACKTRACE",
    "RUST_LOG",
    "SHLVL",
    "TERM",
    "TZ",
];

/// Beginnings and ends of names that hold no more than a switch or a level.
const HARMLESS_SWITCHES: [(&str, &str); 4] = [
    ("AzureWebJobs.", ".Disabled"),
    ("AzureWebJobs_", "_Disabled"),
    ("AzureFunctionsJobHost__logging__logLevel__", ""),
    ("AzureFunctionsJobHost__Logging__LogLevel__", ""),
];

/// A harmless value is short, and made of letters, digits and these.
const HARMLESS_PUNCTUATION: &str = " ._,:=/+-";
const MAX_HARMLESS_CHARS: usize = 200;

/// Where an option comes from that is not given.
const DEFAULT: &str = "default";
const FILE: &str = "functions-emulator.json";
const LOCAL_SETTINGS: &str = "local.settings.json";

/// The settings as one JSON document.
pub(super) fn of(host: &Host) -> Value {
    let options = host.options();
    // What the files say now; who changed them sees so, and what is in effect beside it.
    let file = EmulatorFile::from_app_folder(&options.app_root).ok();
    let local = LocalSettings::read(&options.app_root).ok();
    let environment = host.instance().map(|instance| instance.worker().environment()).unwrap_or_default();
    let environment: Vec<Value> =
        environment.iter().map(|(name, entry)| variable(name, entry, options, file.as_ref())).collect();
    json!({"options": given(host, file.as_ref(), local.as_ref()), "environment": environment})
}

fn variable(name: &str, entry: &Described, options: &Options, file: Option<&EmulatorFile>) -> Value {
    let origins: Vec<&str> =
        entry.origins.iter().map(|origin| origin_of(name, *origin, options, file)).collect();
    let value = harmless(name, &entry.value);
    let (from, overridden) =
        origins.split_last().map_or((DEFAULT, [].as_slice()), |(last, rest)| (*last, rest));
    json!({"name": name, "value": value, "withheld": value.is_none(), "from": from, "overridden": overridden})
}

fn origin_of(name: &str, origin: Origin, options: &Options, file: Option<&EmulatorFile>) -> &'static str {
    match origin {
        Origin::Shell => "shell",
        Origin::LocalSettings => LOCAL_SETTINGS,
        Origin::Default => DEFAULT,
        Origin::Host => "host",
        Origin::Options => {
            let of_file = file.and_then(|file| file.options.settings.get(name));
            let given = options.settings.iter().rfind(|(given, _)| given == name).map(|(_, value)| value);
            if of_file.is_some() && of_file == given { FILE } else { "--setting" }
        }
    }
}

/// The value, if name and value are harmless both.
fn harmless<'a>(name: &str, value: &'a str) -> Option<&'a str> {
    let is_switch = |(start, end): &(&str, &str)| name.starts_with(start) && name.ends_with(end);
    let is_known = HARMLESS.contains(&name) || HARMLESS_SWITCHES.iter().any(is_switch);
    let is_plain = |letter: char| letter.is_alphanumeric() || HARMLESS_PUNCTUATION.contains(letter);
    let is_short = value.chars().count() <= MAX_HARMLESS_CHARS;
    (is_known && is_short && value.chars().all(is_plain)).then_some(value)
}

/// An option of the command: what is in effect, what the file says, and what else sets it.
struct Given {
    name: &'static str,
    value: Option<String>,
    of_file: Option<String>,
    otherwise: &'static str,
}

impl Given {
    fn shown(self) -> Value {
        let from = match &self.value {
            None => DEFAULT,
            value if *value == self.of_file => FILE,
            Some(_) => self.otherwise,
        };
        json!({"name": self.name, "value": self.value, "withheld": false, "from": from})
    }
}

fn given(host: &Host, file: Option<&EmulatorFile>, local: Option<&LocalSettings>) -> Vec<Value> {
    let options = host.options();
    let of_file = file.map(|file| file.options.clone()).unwrap_or_default();
    let port = |port: Option<u16>| port.map(|port| port.to_string());
    // A query may hold a key.
    let without_query = |path: String| path.split('?').next().unwrap_or_default().to_owned();
    let is_of_local_settings = local.and_then(LocalSettings::port) == Some(options.listen.port());
    let all = [
        Given {
            name: "port",
            value: port(Some(options.listen.port())),
            of_file: port(of_file.port),
            otherwise: if is_of_local_settings { LOCAL_SETTINGS } else { "--port or default" },
        },
        Given {
            name: "consolePort",
            value: port(options.console.port),
            of_file: port(of_file.console_port),
            otherwise: "--console-port",
        },
        Given {
            name: "easyauth",
            value: Some(overview::easyauth(options.easyauth)),
            of_file: of_file.easyauth.map(overview::easyauth),
            otherwise: "--easyauth or default",
        },
        Given {
            name: "openapi",
            value: options.console.openapi.clone().map(without_query),
            of_file: of_file.openapi.map(without_query),
            otherwise: "--openapi",
        },
    ];
    all.into_iter().map(Given::shown).chain(withheld(options, file)).collect()
}

/// What is there and not told: a command may hold a token, and a key is one.
fn withheld(options: &Options, file: Option<&EmulatorFile>) -> Vec<Value> {
    let of_file = |is_there: bool| if is_there { FILE } else { "--keys" };
    let keys = options.keys.as_ref().map(|_| ("keys", of_file(file.is_some_and(|file| file.keys.is_some()))));
    let build = file.and_then(|file| file.options.build.as_ref()).map(|_| ("build", FILE));
    let all = keys.into_iter().chain(build);
    all.map(|(name, from)| json!({"name": name, "value": null, "from": from, "withheld": true})).collect()
}
