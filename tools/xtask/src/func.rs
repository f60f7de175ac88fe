//! `cargo xtask func`: what Core Tools need around them, then `func start`.

mod links;
mod local_settings;
mod storage;
mod story;

use std::{
    env,
    path::{Path, PathBuf},
    process::Stdio,
};

use anyhow::{Context as _, bail, ensure};
use functions_emulator::users::Users;
use project::{Profile, Project};
use serde_json::Value;
use tokio::process::Command;

use crate::issuer::{self, LocalIssuer};

const HELP: &str = "\
Plain `func start` works as well: run `cargo xtask func --prepare` once, and keep `cargo xtask issuer` in a terminal, which
is the issuer that local.settings.json names. `cargo xtask func --prepare` after a change builds again, and the host
starts the new binary by itself (watchFiles in host.json). Core Tools have no sign-in front: the worker is told to believe
tokens alone, and `cargo xtask token NAME` prints one.";

const INSTALL: &str = "\
Core Tools are not installed: there is no `func` on the PATH. Get version 4 with
  npm install --global azure-functions-core-tools@4
or as https://learn.microsoft.com/azure/azure-functions/functions-run-local says; `cargo xtask dev` needs nothing";

#[derive(clap::Args)]
#[command(after_help = HELP)]
pub(crate) struct Args {
    /// Build, link and write the settings, and leave `func start` to you.
    #[arg(long)]
    prepare: bool,
    /// Serve only what needs no queue, and so no storage.
    #[arg(long)]
    http_only: bool,
    /// Tell the life of an order: place, list, refuse, change, process, fulfil; and say whether each answer is right.
    #[arg(long, conflicts_with_all = ["prepare", "port", "issuer_port"])]
    story: bool,
    /// The port to serve on.
    #[arg(long, default_value_t = 7071)]
    port: u16,
    /// The port of the local issuer; 0 for any free one.
    #[arg(long, default_value_t = issuer::PORT)]
    issuer_port: u16,
}

/// Prepares the repository's root and serves until Core Tools end.
pub(crate) async fn run(project: &Project, args: &Args) -> anyhow::Result<()> {
    let func = find("func", env::var_os("PATH").as_deref());
    if args.story {
        story::announce(func.as_deref())?;
    } else if !args.prepare && func.is_none() {
        bail!(INSTALL);
    }
    let built = project
        .build_worker(Profile::Dev)
        .status()
        .context("cannot start cargo: install Rust with rustup")?;
    ensure!(built.success(), "the build failed: fix what cargo says above");
    let users = project.users()?;
    prepare(project, &project.worker_binary(Profile::Dev))?;
    if args.story {
        return story::run(project, &users, func.as_deref(), args.http_only).await;
    }
    match func {
        Some(func) if !args.prepare => serve(project, &func, &users, args).await,
        _ => {
            println!(
                "prepared: `func start` serves the app from {}, beside `cargo xtask issuer`",
                project.root().display()
            );
            Ok(())
        }
    }
}

/// Puts the worker, a link for each function and the settings where Core Tools look for them.
fn prepare(project: &Project, worker: &Path) -> anyhow::Result<()> {
    links::worker(project.root(), worker)?;
    links::functions(project.root())?;
    local_settings::copy_if_absent(project.root())
}

async fn serve(project: &Project, func: &Path, users: &Users, args: &Args) -> anyhow::Result<()> {
    if !args.http_only {
        storage::check(project.root())?;
    }
    let issuer = LocalIssuer::start(project, users, args.issuer_port).await?;
    issuer.write_down(project)?;
    // What the shell sets stays.
    let settings = issuer.settings(users).into_iter().filter(|(name, _)| env::var_os(name).is_none());
    let mut child = command(project.root(), func, args.port, args.http_only)?
        .envs(settings)
        .spawn()
        .with_context(|| format!("cannot start {}", func.display()))?;
    // Ctrl-C reaches Core Tools as well, who stop by themselves.
    let status = loop {
        tokio::select! {
            status = child.wait() => break status?,
            interrupted = tokio::signal::ctrl_c() => interrupted?,
        }
    };
    ensure!(status.success() || status.code().is_none(), "func start ended with {status}; it has said why");
    Ok(())
}

/// `func start` in the root.
fn command(root: &Path, func: &Path, port: u16, http_only: bool) -> anyhow::Result<Command> {
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

/// A program on the PATH.
fn find(program: &str, path: Option<&std::ffi::OsStr>) -> Option<PathBuf> {
    env::split_paths(path?).map(|folder| folder.join(program)).find(|file| file.is_file())
}

#[cfg(test)]
mod tests;
