//! One process of the worker.

use std::{path::Path, process::Stdio, time::Duration};

use functions_lint::{
    Settings,
    launch::{Launch, LaunchError},
};
use rustix::process::{Pid, Signal, kill_process_group};
use tokio::{
    process::{Child, Command},
    task::JoinSet,
    time::timeout,
};

use super::{
    Setup, environment,
    output::{self, StderrTail},
};

/// A started process, head of its own process group, so that Ctrl-C in the terminal reaches the host alone.
/// Dropping it kills the group.
#[derive(Debug)]
pub(super) struct Process {
    child: Child,
    readers: JoinSet<()>,
    stderr_tail: StderrTail,
}

/// How long to wait for lines that an ended process left in its pipes.
const OUTPUT_DRAIN_TIMEOUT: Duration = Duration::from_millis(200);

/// How long to wait for the end of a killed process.
const KILL_TIMEOUT: Duration = Duration::from_secs(1);

impl Process {
    /// Starts the program of host.json with its environment, its output as events.
    pub(super) fn spawn(setup: &Setup, port: u16) -> Result<Self, String> {
        let handler = &setup.handler;
        let variables = environment::variables(setup, port);
        let settings = Settings::with_environment(&setup.settings);
        let (program, arguments) = handler.command_line.expand_for_start(&settings, &variables);
        let launch = Launch {
            root: &setup.app_root,
            program: Path::new(&program),
            working_directory: &handler.working_directory,
        };
        let found = launch.check().err();
        if let Some(fault) = found.as_ref().filter(|fault| !fault.may_still_run()) {
            return Err(not_started(fault));
        }
        let mut command = Command::new(&program);
        command
            .args(&arguments)
            .current_dir(&handler.working_directory)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0)
            .kill_on_drop(true);
        environment::apply(&mut command, setup, &variables);
        let mut child = command.spawn().map_err(|error| match &found {
            Some(fault) => not_started(fault),
            None => format!(
                "cannot start {program} in {}: {error}; correct customHandler.description in host.json",
                handler.working_directory.display(),
            ),
        })?;
        let (mut readers, stderr_tail) = (JoinSet::new(), StderrTail::default());
        if let Some(stdout) = child.stdout.take() {
            readers.spawn(output::forward(stdout, false, setup.events.clone(), stderr_tail.clone()));
        }
        if let Some(stderr) = child.stderr.take() {
            readers.spawn(output::forward(stderr, true, setup.events.clone(), stderr_tail.clone()));
        }
        Ok(Self { child, readers, stderr_tail })
    }

    /// The process id; none once it has ended.
    pub(super) fn pid(&self) -> Option<u32> {
        self.child.id()
    }

    /// Waits for the end; the exit code, or none for a signal.
    pub(super) async fn ended(&mut self) -> Option<i32> {
        self.child.wait().await.ok().and_then(|status| status.code())
    }

    /// Sends SIGKILL to the whole process group and waits for its end.
    pub(super) async fn kill(&mut self) {
        self.signal();
        if timeout(KILL_TIMEOUT, self.ended()).await.is_err() {
            tracing::warn!(pid = self.pid(), "the worker's process does not end");
        }
    }

    /// Waits until the output of the ended process was reported. A process that it left behind may hold the pipes
    /// open, so the wait is short.
    pub(super) async fn drain_output(&mut self) {
        drop(
            timeout(OUTPUT_DRAIN_TIMEOUT, async { while self.readers.join_next().await.is_some() {} }).await,
        );
    }

    /// The last stderr lines of the process, after `how` it ended.
    pub(super) fn stderr_tail(&self, how: &str) -> String {
        self.stderr_tail.append_to(how)
    }

    fn signal(&mut self) {
        // Once it is waited for, its id may belong to somebody else.
        let Some(group) = self.child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw)
        else {
            return;
        };
        if let Err(error) = kill_process_group(group, Signal::KILL) {
            tracing::debug!(%error, "no process group to kill");
        }
    }
}

/// The error of the program, what to do, and what Azure would do.
fn not_started(fault: &LaunchError) -> String {
    format!("cannot start the worker: {fault}; {}. As it is, {}", fault.remedy(), fault.in_azure())
}

impl Drop for Process {
    fn drop(&mut self) {
        self.signal();
    }
}
