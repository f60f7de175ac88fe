//! `cargo xtask func`: what Core Tools need around them, then `func start`.

mod core_tools;
mod links;
mod local_settings;
mod storage;
mod story;

use std::{env, path::Path};

use anyhow::{Context as _, bail, ensure};
use functions_emulator::users::Users;
use project::{Profile, Project};

use crate::issuer::{self, LocalIssuer};

const HELP: &str = "\
Plain `func start` works as well: run `cargo xtask func --prepare` once, and keep `cargo xtask issuer` in a terminal, which
is the issuer that local.settings.json names. `cargo xtask func --prepare` after a change builds again, and the host
starts the new binary by itself (watchFiles in host.json). Core Tools have no sign-in front: the worker is told to believe
tokens alone, and `cargo xtask token NAME` prints one.";

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
    let func = core_tools::find(env::var_os("PATH").as_deref());
    if args.story {
        story::announce(func.as_deref())?;
    } else if !args.prepare && func.is_none() {
        bail!(core_tools::INSTALL);
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
    let mut child = core_tools::command(project.root(), func, args.port, args.http_only)?
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

#[cfg(test)]
mod tests;
