//! Compiles the worker.

use std::{
    env,
    io::{self, IsTerminal as _, Write as _},
    os::unix::process::CommandExt as _,
    process::{self, Stdio},
};

use anyhow::{Context as _, ensure};
use rustix::process::{Pid, Signal, kill_process_group};
use tokio::{
    io::AsyncReadExt as _,
    process::{Child, ChildStderr, Command},
};

use crate::project::{Profile, Project};

/// Bytes that are kept of what cargo says: more than the console shows, because they hold escapes as well.
const KEPT: usize = 256 * 1024;

/// Whether cargo colours what it says.
const COLOURS: &str = "CARGO_TERM_COLOR";

/// A build that failed; cargo has then said why.
#[derive(Debug, thiserror::Error)]
#[error("the build failed: mend what cargo says above")]
struct Failed {
    /// The end of what it said.
    said: String,
}

/// Compiles the worker with the terminal for cargo alone, its progress bar and all; ends the compilation when dropped.
///
/// # Errors
/// When cargo cannot be started or the build fails; cargo has then said why.
pub(super) async fn worker(project: &Project, profile: Profile) -> anyhow::Result<()> {
    let mut cargo = Group::start(project.build_worker(profile))?;
    let status = cargo.0.wait().await.context("cannot watch cargo")?;
    ensure!(status.success(), Failed { said: String::new() });
    Ok(())
}

/// Compiles the worker again; what cargo says goes to the terminal at once, and with the error to whoever else shows it,
/// see [`why`]. Ends the compilation when dropped.
///
/// # Errors
/// As [`worker`].
pub(super) async fn again(project: &Project, profile: Profile) -> anyhow::Result<()> {
    let mut command = project.build_worker(profile);
    command.stderr(Stdio::piped());
    // Cargo sees no terminal any more; what the user decided about colours stays.
    if io::stderr().is_terminal() && ["NO_COLOR", COLOURS].iter().all(|name| env::var_os(name).is_none()) {
        command.env(COLOURS, "always");
    }
    let mut cargo = Group::start(command)?;
    let stderr = cargo.0.stderr.take().context("cargo cannot be listened to")?;
    let said = pass_on(stderr).await.context("what cargo says cannot be shown")?;
    let status = cargo.0.wait().await.context("cannot watch cargo")?;
    ensure!(status.success(), Failed { said });
    Ok(())
}

/// What to show of a failure, to somebody who does not see the terminal: cargo's own words, where they are the reason.
pub(super) fn why(error: &anyhow::Error) -> String {
    error.downcast_ref().map_or_else(|| format!("{error:#}"), |Failed { said }| said.clone())
}

async fn pass_on(mut from: ChildStderr) -> io::Result<String> {
    let (mut said, mut piece, mut terminal) = (Vec::new(), [0; 4096], io::stderr());
    loop {
        let length = from.read(&mut piece).await?;
        if length == 0 {
            return Ok(String::from_utf8_lossy(&said).into_owned());
        }
        let piece = &piece[..length];
        terminal.write_all(piece)?;
        said.extend_from_slice(piece);
        if said.len() > 2 * KEPT {
            said.drain(..said.len() - KEPT);
        }
    }
}

/// Cargo and its compilers.
struct Group(Child);

impl Group {
    fn start(mut command: process::Command) -> anyhow::Result<Self> {
        // A group of its own, so that cargo's compilers can be ended with it.
        command.process_group(0);
        let child = Command::from(command).spawn();
        Ok(Self(child.context("cannot start cargo: install Rust with rustup and try again")?))
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        let id = self.0.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
        if let Some(id) = id {
            // Fails only when everyone in the group has just ended.
            let _ = kill_process_group(id, Signal::TERM);
        }
    }
}
