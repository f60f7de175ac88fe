//! Traps that wait for any custom handler and can be seen before it runs: in host.json, in the function folders, in
//! the program that is to be started and in the app settings.
//!
//! [`App::read`] reads an app folder the way the host does; [`check`] holds it against every rule. A rule has a
//! name that stays, the promise that holds when it passes, and where the fact behind it comes from: a recording of
//! the host, a page of Microsoft, or an issue of the host, of Core Tools or of its deployment actions.

mod app;
pub mod binding;
pub mod bundle;
pub mod command_line;
pub mod configuration;
pub mod cors;
pub mod diagnosis;
mod finding;
pub mod json;
pub mod json_file;
pub mod launch;
pub mod local_settings;
mod members;
pub mod overrides;
pub mod profile;
mod program;
pub mod retry;
pub mod route;
mod rules;
pub mod schedule;
pub mod settings;
mod settings_file;
pub mod time_span;
pub mod values;

pub use app::{App, FunctionFolder, route_template};
pub use diagnosis::{AzureOutcome, Diagnosis, diagnose};
pub use finding::{Finding, Level, Report};
pub use program::Program;
pub use settings::{ExpandError, Settings};
pub use settings_file::{SettingsFile, SettingsFileError, SettingsSource};

/// Checks an app against every rule that applies to it: one finding for a rule that passes, else one for each place
/// that breaks it.
#[must_use]
pub fn check(app: &App) -> Vec<Finding> {
    rules::of(app).into_iter().flat_map(|rule| rule.evaluate(app)).collect()
}

/// The names of all rules.
#[must_use]
pub fn rule_names() -> Vec<&'static str> {
    rules::all().into_iter().map(rules::Rule::name).collect()
}
