//! The emulator, from nothing to a worker that answers.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use anyhow::Context as _;
use functions_emulator::Emulator;
use project::Project;

use crate::app;

/// Serves this app once, as `cargo xtask dev` does when everything is built.
pub(super) async fn start(project: &Project, worker: &Path) -> anyhow::Result<Duration> {
    let folder = tempfile::tempdir().context("cannot make a folder for the run")?;
    let options = app::options(project, worker, folder.path(), "warn")?;
    let begun = Instant::now();
    let host = Emulator::start(options).await?;
    host.ready().await?;
    let ready = begun.elapsed();
    host.stop().await;
    Ok(ready)
}
