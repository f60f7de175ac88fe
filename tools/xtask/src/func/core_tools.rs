//! Core Tools: where they are, and how they are started.

use std::{
    env,
    ffi::OsStr,
    path::{Path, PathBuf},
    process::Stdio,
};

use anyhow::Context as _;
use serde_json::Value;
use tokio::process::Command;

use super::links;

/// What to do where they are missing.
pub(super) const INSTALL: &str = "\
Core Tools are not installed: there is no `func` on the PATH. Get version 4 with
  npm install --global azure-functions-core-tools@4
or as https://learn.microsoft.com/azure/azure-functions/functions-run-local says; `cargo xtask dev` needs nothing";

/// `func start` in the root.
pub(super) fn command(root: &Path, func: &Path, port: u16, http_only: bool) -> anyhow::Result<Command> {
    let mut command = Command::new(func);
    command.arg("start").arg("--port").arg(port.to_string()).current_dir(root).stdin(Stdio::inherit());
    if http_only {
        command.arg("--functions").args(without_queues(root)?);
    }
    Ok(command)
}

/// The functions that have neither a queue nor a timer, whose lock lies in storage.
fn without_queues(root: &Path) -> anyhow::Result<Vec<String>> {
    let mut names = Vec::new();
    for name in links::names(root)? {
        let path = root.join("functions").join(&name).join("function.json");
        let function: Value = serde_json::from_str(&project::read(&path)?)
            .with_context(|| format!("{} is no JSON", path.display()))?;
        let kinds =
            function["bindings"].as_array().into_iter().flatten().filter_map(|one| one["type"].as_str());
        if kinds.into_iter().all(|kind| matches!(kind, "httpTrigger" | "http")) {
            names.push(name);
        }
    }
    Ok(names)
}

/// `func` on the PATH.
pub(super) fn find(path: Option<&OsStr>) -> Option<PathBuf> {
    env::split_paths(path?).map(|folder| folder.join("func")).find(|file| file.is_file())
}
