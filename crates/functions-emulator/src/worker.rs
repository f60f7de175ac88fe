//! The worker's process: started with the host's environment, pinged until it answers, watched, killed.

mod environment;
mod output;
mod ping;
mod process;
mod setup;
mod status;
mod strikes;
mod monitor;

use std::{
    collections::BTreeMap,
    io,
    net::{Ipv4Addr, SocketAddr, TcpListener},
    ops::Range,
    sync::Arc,
    time::Duration,
};

use tokio::{
    sync::{mpsc, watch as channel},
    task::JoinHandle,
    time::timeout,
};

pub(crate) use environment::Described;
use monitor::{Command, WorkerMonitor};
pub(crate) use output::MAX_LINE_BYTES;
use process::Process;
pub(crate) use setup::Setup;
use status::{Phase, Status};

/// The one worker of a host instance; clones share it. The value stays the same when the process restarts.
#[derive(Clone, Debug)]
pub struct Worker {
    address: SocketAddr,
    readiness_timeout: Duration,
    status: channel::Receiver<Status>,
    commands: mpsc::UnboundedSender<Command>,
    setup: Arc<Setup>,
}

/// Why the worker cannot be called.
#[derive(Clone, Debug, thiserror::Error)]
#[error("the worker is not running: {0}")]
pub struct WorkerUnavailable(pub String);

/// Owns the process: dropping it kills the worker.
#[derive(Debug)]
pub(crate) struct WorkerGuard {
    commands: mpsc::UnboundedSender<Command>,
    task: JoinHandle<()>,
}

impl Worker {
    /// Picks a port and starts the process.
    ///
    /// # Errors
    /// One sentence when there is no port or the program cannot be started.
    pub(crate) fn start(setup: Setup) -> Result<(Self, WorkerGuard), String> {
        let address = address(setup.handler.port)?;
        let readiness_timeout = setup.handler.initialization_timeout * 4;
        let first = Process::spawn(&setup, address.port())?;
        let (commands, received) = mpsc::unbounded_channel();
        let (status, seen) =
            channel::channel(Status { phase: Phase::Starting, pid: first.pid(), start_failure: None });
        let kept = Arc::new(setup.clone());
        let task = tokio::spawn(WorkerMonitor::new(setup, address, status, received).run(first));
        Ok((
            Self { address, readiness_timeout, status: seen, commands: commands.clone(), setup: kept },
            WorkerGuard { commands, task },
        ))
    }

    /// The address to call, as soon as the worker has answered a ping; waits while it
    /// starts or restarts, at most four times the initialization timeout. A worker that has taken connections and
    /// answered none of them by then ends the host instance.
    ///
    /// # Errors
    /// When the process has ended for good (exit code 0) or the host instance is over.
    pub async fn address(&self) -> Result<SocketAddr, WorkerUnavailable> {
        let mut status = self.status.clone();
        let settled = status.wait_for(|status| !matches!(status.phase, Phase::Starting));
        let Ok(settled) = timeout(self.readiness_timeout, settled).await else {
            self.commands.send(Command::ReadinessTimeout).ok();
            return Err(WorkerUnavailable(format!(
                "it has not answered for {} s",
                self.readiness_timeout.as_secs()
            )));
        };
        match settled.map(|status| status.phase.clone()) {
            Ok(Phase::Ready) => Ok(self.address),
            Ok(Phase::Exited(why) | Phase::InstanceOver(why)) => Err(WorkerUnavailable(why)),
            Ok(Phase::Starting) | Err(_) => Err(WorkerUnavailable("the host has stopped it".to_owned())),
        }
    }

    /// Kills and restarts the process because an invocation passed `functionTimeout`.
    pub fn restart_after_timeout(&self) {
        self.commands.send(Command::TimedOut).ok();
    }

    /// Returns when the worker has answered its first ping.
    ///
    /// # Errors
    /// How a process ended that ended before it answered, with its last lines on stderr.
    pub(crate) async fn ready(&self) -> Result<(), WorkerUnavailable> {
        let mut status = self.status.clone();
        let settled = status
            .wait_for(|status| status.start_failure.is_some() || !matches!(status.phase, Phase::Starting))
            .await
            .map_err(|_| WorkerUnavailable("the host has stopped it".to_owned()))?;
        match (&settled.phase, &settled.start_failure) {
            (Phase::Ready, _) => Ok(()),
            (Phase::Exited(why) | Phase::InstanceOver(why), _) | (Phase::Starting, Some(why)) => {
                Err(WorkerUnavailable(why.clone()))
            }
            (Phase::Starting, None) => Err(WorkerUnavailable("it has not answered yet".to_owned())),
        }
    }

    /// Returns when three strikes have ended the host instance, else never.
    pub(crate) async fn instance_over(&self) {
        let mut status = self.status.clone();
        if status.wait_for(|status| matches!(status.phase, Phase::InstanceOver(_))).await.is_err() {
            std::future::pending::<()>().await;
        }
    }

    /// The environment of the worker's process, by name. It holds secrets.
    pub(crate) fn environment(&self) -> BTreeMap<String, Described> {
        environment::describe(&self.setup, self.address.port())
    }

    /// Whether the worker answers now.
    pub(crate) fn is_ready(&self) -> bool {
        matches!(self.status.borrow().phase, Phase::Ready)
    }

    /// The process id while a process runs.
    pub(crate) fn pid(&self) -> Option<u32> {
        self.status.borrow().pid
    }
}

impl WorkerGuard {
    /// Kills the process and waits for its end, at most a second.
    pub(crate) async fn stop(mut self) {
        self.commands.send(Command::Stop).ok();
        if timeout(STOP_TIMEOUT, &mut self.task).await.is_err() {
            tracing::warn!("the worker's end was not seen within {} s", STOP_TIMEOUT.as_secs());
        }
    }
}

impl Drop for WorkerGuard {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// How long stopping may take: a second for the process and one for its last lines.
const STOP_TIMEOUT: Duration = Duration::from_secs(2);

/// The port of host.json, which has to be free, or any that is.
fn address(port: Option<u16>) -> Result<SocketAddr, String> {
    let Some(port) = port else {
        return free_address().map_err(|error| format!("no free port for the worker: {error}"));
    };
    probe(port).map_err(|error| {
        format!("cannot use the port {port} of customHandler in host.json: {error}; choose another")
    })
}

/// Ports below those that Linux gives to connections (<https://docs.kernel.org/networking/ip-sysctl.html>): no connection
/// of another process takes such a port before the worker listens there.
const WORKER_PORTS: Range<u16> = 20_000..32_768;

/// How many of these are tried before any other port is taken.
const ATTEMPTS: usize = 50;

fn free_address() -> io::Result<SocketAddr> {
    let drawn = (0..ATTEMPTS).find_map(|_| probe(crate::ids::random_port(WORKER_PORTS)).ok());
    drawn.map_or_else(|| probe(0), Ok)
}

/// The address of a port, which is free.
fn probe(port: u16) -> io::Result<SocketAddr> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port))?.local_addr()
}
