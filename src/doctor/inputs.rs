//! What doctor reads before it applies a rule: settings, app folder, configuration.

use std::{env, ffi::OsString, fs, path::PathBuf};

use functions_lint::{App, Settings, SettingsFile, SettingsFileError, SettingsSource};

use super::Arguments;
use crate::{
    config::{Config, ConfigErrors, ConfigNeeds},
    functions::{self, FUNCTIONS, FunctionNeed},
    store::ServedApps,
};

/// Why doctor cannot find or read its inputs.
#[derive(Debug, thiserror::Error)]
pub enum InputsError {
    /// The file of settings.
    #[error("{0}")]
    Settings(#[from] SettingsFileError),
    /// The app folder.
    #[error(
        "cannot find host.json beside this program or in the current folder: run doctor in the app's folder, or set \
         FUNCTIONS_APP_ROOT_PATH to it"
    )]
    NoApp,
    /// The app folder.
    #[error("cannot read the app folder: check FUNCTIONS_APP_ROOT_PATH")]
    Root(#[source] std::io::Error),
}

/// Settings, app folder, and what the worker makes of the former.
pub(super) struct Inputs {
    pub(super) app: App,
    /// The settings as a file has them, or of this process.
    pub(super) settings: Settings,
    pub(super) written: Option<SettingsSource>,
    /// The settings as the worker would read them.
    pub(super) config: Option<Config>,
    pub(super) config_errors: Option<ConfigErrors>,
    /// What the functions of the app ask of its settings.
    pub(super) needs: ConfigNeeds,
    /// The apps whose database tables and rights these functions need.
    pub(super) workload: ServedApps,
}

/// What Core Tools and the emulator add to local.settings.json. `--url` finds out whether EasyAuth runs there.
const LOCAL_VARIABLES: [(&str, &str); 3] = [
    ("FUNCTIONS_CUSTOMHANDLER_PORT", "1"),
    ("AZURE_FUNCTIONS_ENVIRONMENT", "Development"),
    ("WEBSITE_AUTH_ENABLED", "True"),
];

/// What the platform adds to the settings of an app that is set up as it should be.
const AZURE_VARIABLES: [(&str, &str); 6] = [
    ("FUNCTIONS_CUSTOMHANDLER_PORT", "1"),
    ("WEBSITE_SITE_NAME", "app"),
    ("WEBSITE_INSTANCE_ID", "instance"),
    ("WEBSITE_AUTH_ENABLED", "True"),
    ("IDENTITY_ENDPOINT", "http://localhost"),
    ("IDENTITY_HEADER", "header"),
];

impl Inputs {
    pub(super) fn collect(arguments: &Arguments) -> Result<Self, InputsError> {
        let file = arguments.settings.as_deref().map(SettingsFile::read).transpose()?;
        let root = env::var_os("FUNCTIONS_APP_ROOT_PATH").map(PathBuf::from).or_else(app_folder);
        let root = root.ok_or(InputsError::NoApp)?;
        fs::read_dir(&root).map_err(InputsError::Root)?;
        let written = file.as_ref().map(|file| file.source);
        let settings = file.map_or_else(
            || Settings::with_environment(&[]),
            |file| Settings::without_environment(file.settings),
        );
        let app = App::read(&root, settings.clone(), written);
        let served: Vec<FunctionNeed> = FUNCTIONS
            .iter()
            .filter(|function| app.functions.iter().any(|folder| folder.name == function.name))
            .flat_map(|function| function.needs.iter().copied())
            .collect();
        let needs = functions::config_needs(&served);
        let read = Config::read(environment(&settings, written), needs);
        let (config, config_errors) = match read {
            Ok(config) => (Some(config), None),
            Err(errors) => (None, Some(errors)),
        };
        let workload = functions::served_apps(&served);
        Ok(Self { app, settings, written, config, config_errors, needs, workload })
    }

    /// Whether the services that the app uses can be reached from this machine: not if the settings were fetched from
    /// elsewhere.
    pub(super) fn is_reachable_from_here(&self) -> bool {
        self.written != Some(SettingsSource::Azure)
    }
}

/// The app root when no argument names it: beside the program, or here.
fn app_folder() -> Option<PathBuf> {
    let program = std::env::current_exe().ok()?;
    let folder = program.parent()?.to_owned();
    let here = std::env::current_dir().ok()?;
    [folder, here].into_iter().find(|folder| folder.join("host.json").is_file())
}

/// The environment that a worker with these settings would find.
fn environment(settings: &Settings, written: Option<SettingsSource>) -> Vec<(OsString, OsString)> {
    let (own, added): (_, &[(&str, &str)]) = match written {
        // The host alone sets the port, and doctor is started by people.
        None => (env::vars_os().collect(), &LOCAL_VARIABLES[..1]),
        Some(SettingsSource::LocalSettings) => (pairs(settings), &LOCAL_VARIABLES),
        Some(SettingsSource::Azure) => (pairs(settings), &AZURE_VARIABLES),
    };
    let added = added.iter().map(|(name, value)| (OsString::from(name), OsString::from(value)));
    // Existing variables win, so a setting that was made by hand is checked as it is.
    let own: Vec<_> = own;
    own.into_iter().chain(added).collect()
}

fn pairs(settings: &Settings) -> Vec<(OsString, OsString)> {
    settings.iter().map(|(name, value)| (name.into(), value.into())).collect()
}
