//! Everything that the host refuses, or understands differently than its author means: one list, by which the emulator
//! refuses an app or warns, and the linter reports before the app runs.

mod bindings;
mod entry;
mod functions;
mod host_json;
mod routes;

use crate::App;

pub use entry::{AzureOutcome, Diagnosis};

/// All diagnoses of an app, host.json first. If host.json cannot be read, the diagnoses are about the function folders
/// only.
#[must_use]
pub fn diagnose(app: &App) -> Vec<Diagnosis> {
    let functions = functions::of(app);
    let mut found = host_json::of(app);
    found.extend(functions.faults);
    found.extend(routes::of(app, &functions.http));
    found
}
