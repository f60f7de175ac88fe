//! `orders-worker doctor`: this deployment held against the controls, each rule named after the control it asks for.
//!
//! Rules about files and settings are asked wherever it runs. What only the app itself can reach is asked where its
//! settings are those of this process or this machine. With URLs it calls the deployment from outside, as an honest
//! caller first and then as each kind of liar.

use functions_lint::App;
pub use functions_lint::{Finding, Level, Report};

use crate::clock::Clock;

mod arguments;
mod attacks;
mod backend;
mod calls;
mod certificate;
mod contract;
mod database;
mod facts;
mod findings;
mod limits;
mod network;
mod outside;
mod settings;

pub use arguments::Arguments;
pub use calls::Evidence;
pub use facts::FactsError;
pub use network::vault_access;

use facts::Facts;
use findings::{fail, pass, warn};

/// Asks every rule that can be asked.
///
/// # Errors
/// When the settings or the app folder cannot be read at all.
pub async fn examine(arguments: &Arguments, evidence: &Evidence, clock: Clock) -> Result<Report, FactsError> {
    let facts = Facts::gather(arguments)?;
    let mut findings = at_rest(&facts);
    if facts.is_reachable_from_here() {
        if let Some(config) = &facts.config {
            findings.extend(database::rules(&config.database, &facts).await);
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
        findings.extend(outside::rules(url, &arguments.urls[1..], evidence, &facts).await);
    }
    Ok(Report::from(findings))
}

/// What a process says of itself when it starts: the rules that need no call and no file of settings.
///
/// # Errors
/// When the app folder cannot be found.
pub fn at_start() -> Result<Vec<Finding>, FactsError> {
    Ok(at_rest(&Facts::gather(&Arguments::default())?))
}

fn at_rest(facts: &Facts) -> Vec<Finding> {
    let app: &App = &facts.app;
    [settings::rules(facts), contract::rules(app), functions_lint::check(app)].concat()
}
