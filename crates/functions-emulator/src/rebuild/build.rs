//! Runs a build.

use std::{
    env,
    io::{self, IsTerminal as _, Write as _},
    os::unix::process::CommandExt as _,
    process::{self, ExitStatus, Stdio},
    sync::{Mutex, PoisonError},
};

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::{
    io::{AsyncRead, AsyncReadExt as _},
    process::{Child, Command},
};

/// Bytes that are kept of what a build says: more than the console shows, because they hold escapes as well.
const MAX_OUTPUT_BYTES: usize = 256 * 1024;

/// The variables that ask build tools for colours although they see no terminal: of cargo, of Node and Python, of
/// others.
const COLOURS: [(&str, &str); 3] =
    [("CARGO_TERM_COLOR", "always"), ("FORCE_COLOR", "1"), ("CLICOLOR_FORCE", "1")];

/// Why a build was not done.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// Its program is not there, or may not be run.
    #[error("cannot start the build")]
    Start(#[source] io::Error),
    /// Its output cannot be read or shown.
    #[error("cannot read the output of the build")]
    Output(#[source] io::Error),
    /// It ended with another code than 0.
    #[error("the build failed: correct the errors above")]
    Failed {
        /// The end of its output, if the output was captured.
        output: String,
    },
}

/// Builds with the terminal for the build alone, its progress bar and all. What it prints goes to stderr. Ended with
/// everything that it started when dropped.
///
/// # Errors
/// When the build cannot be started, or fails; a build that fails has printed the reason.
pub async fn run_attached(mut command: process::Command) -> Result<(), BuildError> {
    command.stdout(io::stderr());
    let mut build = ProcessGroup::start(command)?;
    let status = build.0.wait().await.map_err(BuildError::Output)?;
    into_result(status, String::new)
}

/// Builds again; what the build says goes to stderr at once, and with the error to others that show it. Ended with
/// everything that it started when dropped.
///
/// # Errors
/// As [`run_attached`].
pub async fn run_captured(mut command: process::Command) -> Result<(), BuildError> {
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    // The build sees no terminal any more; what the user decided about colours stays.
    if io::stderr().is_terminal() && env::var_os("NO_COLOR").is_none() {
        command.envs(COLOURS.into_iter().filter(|(name, _)| env::var_os(name).is_none()));
    }
    let mut build = ProcessGroup::start(command)?;
    let output = Mutex::default();
    let (stdout, stderr) = (build.0.stdout.take(), build.0.stderr.take());
    tokio::try_join!(forward(stdout, &output), forward(stderr, &output)).map_err(BuildError::Output)?;
    let status = build.0.wait().await.map_err(BuildError::Output)?;
    into_result(status, || {
        String::from_utf8_lossy(&output.into_inner().unwrap_or_else(PoisonError::into_inner)).into_owned()
    })
}

fn into_result(status: ExitStatus, output: impl FnOnce() -> String) -> Result<(), BuildError> {
    if status.success() { Ok(()) } else { Err(BuildError::Failed { output: output() }) }
}

async fn forward(from: Option<impl AsyncRead + Unpin>, output: &Mutex<Vec<u8>>) -> io::Result<()> {
    let Some(mut from) = from else { return Ok(()) };
    let mut piece = vec![0; 4096];
    loop {
        let length = from.read(&mut piece).await?;
        if length == 0 {
            return Ok(());
        }
        let piece = &piece[..length];
        io::stderr().write_all(piece)?;
        let mut output = output.lock().unwrap_or_else(PoisonError::into_inner);
        output.extend_from_slice(piece);
        if output.len() > 2 * MAX_OUTPUT_BYTES {
            let surplus = output.len() - MAX_OUTPUT_BYTES;
            output.drain(..surplus);
        }
    }
}

/// A build and what it started.
struct ProcessGroup(Child);

impl ProcessGroup {
    fn start(mut command: process::Command) -> Result<Self, BuildError> {
        // A group of its own, so that its compilers can be ended with it; such a one may not read from the terminal.
        command.process_group(0).stdin(Stdio::null());
        Command::from(command).spawn().map(Self).map_err(BuildError::Start)
    }
}

impl Drop for ProcessGroup {
    fn drop(&mut self) {
        let id = self.0.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
        if let Some(id) = id {
            // Fails only when everyone in the group has just ended.
            let _ = kill_process_group(id, Signal::TERM);
        }
    }
}
