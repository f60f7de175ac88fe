//! `orders-worker doctor`: this deployment held against the controls, each rule named after the control it asks for.
//!
//! Rules about files and settings run wherever doctor runs. Rules about services that only the app can reach run if the
//! settings are those of this process or this machine. With URLs it calls the deployment from outside, with an
//! authenticated request first and then with each kind of invalid one.

use functions_lint::App;
pub use functions_lint::{Finding, Level, Report};

use crate::clock::Clock;

mod arguments;
mod backend;
mod certificate;
mod database;
mod findings;
mod host_files;
mod inputs;
mod invalid_requests;
mod limits;
mod network;
mod remote;
mod requests;
mod settings;

pub use arguments::Arguments;
pub use inputs::InputsError;
pub use network::check_vault_access;
pub use requests::Credentials;

use findings::{fail, pass, warn};
use inputs::Inputs;

/// Checks every rule that can be checked with these arguments.
///
/// # Errors
/// When the settings or the app folder cannot be read at all.
pub async fn diagnose(
    arguments: &Arguments,
    credentials: &Credentials,
    clock: Clock,
) -> Result<Report, InputsError> {
    let inputs = Inputs::collect(arguments)?;
    let mut findings = static_findings(&inputs);
    if inputs.is_reachable_from_here() {
        if let Some(config) = &inputs.config {
            findings.extend(database::rules(&config.database, &inputs).await);
            findings.extend(network::rules(config, clock).await);
        }
    } else {
        findings.push(warn(
            "C20-dependencies",
            "database, vault and issuer",
            "not checked: only the app can reach them",
            "run `orders-worker doctor` also in the console of the app",
        ));
    }
    if let Some(url) = arguments.urls.first() {
        findings.extend(remote::rules(url, &arguments.urls[1..], credentials, &inputs).await);
    }
    Ok(Report::from(findings))
}

/// The findings at the start of a process: the rules that need no call and no file of settings.
///
/// # Errors
/// When the app folder cannot be found.
pub fn startup_findings() -> Result<Vec<Finding>, InputsError> {
    Ok(static_findings(&Inputs::collect(&Arguments::default())?))
}

fn static_findings(inputs: &Inputs) -> Vec<Finding> {
    let app: &App = &inputs.app;
    [settings::rules(inputs), host_files::rules(app), functions_lint::check(app)].concat()
}
