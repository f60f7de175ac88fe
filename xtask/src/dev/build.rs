//! Compiles the worker.

use std::os::unix::process::CommandExt as _;

use anyhow::{Context as _, ensure};
use rustix::process::{Pid, Signal, kill_process_group};
use tokio::process::{Child, Command};

use crate::project::{Profile, Project};

/// Compiles the worker; ends the compilation when dropped.
///
/// # Errors
/// When cargo cannot be started or the build fails; cargo has then said why.
pub(super) async fn worker(project: &Project, profile: Profile) -> anyhow::Result<()> {
    let mut command = project.build_worker(profile);
    // A group of its own, so that cargo's compilers can be ended with it.
    command.process_group(0);
    let child = Command::from(command)
        .spawn()
        .context("cannot start cargo: install Rust with rustup and try again")?;
    let status = Group(child).0.wait().await.context("cannot watch cargo")?;
    ensure!(status.success(), "the build failed: mend what cargo says above");
    Ok(())
}

struct Group(Child);

impl Drop for Group {
    fn drop(&mut self) {
        let id = self.0.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
        if let Some(id) = id {
            // Fails only when everyone in the group has just ended.
            let _ = kill_process_group(id, Signal::TERM);
        }
    }
}
