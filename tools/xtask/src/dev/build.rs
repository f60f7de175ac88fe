//! Compiles the worker.

use anyhow::Context as _;
use functions_emulator::rebuild::{self, BuildError};
use project::{Profile, Project};

/// Compiles the worker with the terminal for cargo alone, its progress bar and all; ends the compilation when dropped.
///
/// # Errors
/// When cargo cannot be started or the build fails; cargo has then said why.
pub(super) async fn worker(project: &Project, profile: Profile) -> anyhow::Result<()> {
    told(rebuild::run_attached(project.build_worker(profile)).await)
}

/// Compiles the worker again; what cargo says goes to the terminal at once, and with the error to the console,
/// see [`why`]. Ends the compilation when dropped.
///
/// # Errors
/// As [`worker`].
pub(super) async fn again(project: &Project, profile: Profile) -> anyhow::Result<()> {
    told(rebuild::run_captured(project.build_worker(profile)).await)
}

/// What to show of a failure, to somebody who does not see the terminal: cargo's own words, where they are the reason.
pub(super) fn why(error: &anyhow::Error) -> String {
    match error.downcast_ref() {
        Some(BuildError::Failed { output }) => output.clone(),
        _ => format!("{error:#}"),
    }
}

fn told(outcome: Result<(), BuildError>) -> anyhow::Result<()> {
    match outcome {
        Err(error @ BuildError::Start(_)) => {
            Err(error).context("cannot start cargo: install Rust with rustup and try again")
        }
        outcome => Ok(outcome?),
    }
}
