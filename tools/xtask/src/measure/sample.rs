//! One start of the worker, from exec to its first answer.

use std::{
    path::Path,
    process::{Command, Stdio},
};

use anyhow::Context as _;
use tempfile::TempDir;
use test_servers::Handler;

/// A worker that has answered; killed when dropped.
pub(super) struct Running {
    pub(super) worker: Handler,
    _folder: TempDir,
}

impl Running {
    /// Starts the worker as the host does, with a database of its own, and waits for its first answer.
    pub(super) fn start(worker: &Path) -> anyhow::Result<Self> {
        Self::start_with(worker, &[])
    }

    /// As [`Self::start`], with spans and metrics sent to the collector at this port.
    pub(super) fn start_exporting(worker: &Path, collector: u16) -> anyhow::Result<Self> {
        let endpoint = format!("http://127.0.0.1:{collector}");
        Self::start_with(
            worker,
            &[
                ("OTEL_EXPORTER_OTLP_ENDPOINT", &endpoint),
                ("OTEL_BSP_SCHEDULE_DELAY", "200"),
                ("OTEL_METRIC_EXPORT_INTERVAL", "200"),
            ],
        )
    }

    fn start_with(worker: &Path, settings: &[(&str, &str)]) -> anyhow::Result<Self> {
        let folder = tempfile::tempdir().context("cannot make a folder for the database")?;
        let database = folder.path().join("measure.db");
        let mut command = Command::new(worker);
        command
            .current_dir(folder.path())
            // A shell in a container may hold variables that the worker takes for the platform's.
            .env_clear()
            .env("AZURE_FUNCTIONS_ENVIRONMENT", "Development")
            .env("ORDERS_DATABASE_URL", format!("sqlite://{}", database.display()))
            .env("ORDERS_IDENTITY", "easyauth")
            .env("WEBSITE_AUTH_ENABLED", "True")
            .envs(settings.iter().copied())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let worker = Handler::start(&mut command).with_context(|| worker.display().to_string())?;
        Ok(Self { worker, _folder: folder })
    }
}
