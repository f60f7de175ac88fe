//! The life of the worker across its processes: start, readiness, end, restart, strikes.

// The host: docs/reference/host-protocol.md#exit-codes.

use std::{
    net::SocketAddr,
    sync::atomic::{AtomicBool, Ordering},
};

use tokio::{
    sync::{mpsc::UnboundedReceiver, watch::Sender},
    time::{Instant, sleep_until},
};

use super::{
    Phase, Setup, Status, ping,
    process::Process,
    strikes::{LIMIT, Strikes},
};
use crate::event::Event;

/// Requests to the task that watches the process.
#[derive(Clone, Copy, Debug)]
pub(super) enum Command {
    /// An invocation passed its time limit.
    TimedOut,
    /// A call has waited for the worker as long as it may.
    ReadinessTimeout,
    /// The host instance ends.
    Stop,
}

/// How one process ended.
#[derive(Clone, Copy, Debug)]
enum ProcessEnd {
    /// The process ended by itself; the exit code, `None` for a signal.
    Exited(Option<i32>),
    /// The process was killed because it did not listen in time; the flag says whether it listens at an address that
    /// the host does not call.
    NotReady { on_ipv6: bool },
    /// Killed, because a call has waited long enough for a worker that accepts connections and never answers.
    Unresponsive,
    /// Killed, as an invocation passed its time limit.
    TimedOut,
    /// Killed, as the instance ends.
    Stopped,
}

impl ProcessEnd {
    fn is_strike(self) -> bool {
        match self {
            Self::Exited(Some(0 | RESTART_EXIT_CODE)) | Self::TimedOut | Self::Stopped => false,
            Self::Exited(_) | Self::NotReady { .. } | Self::Unresponsive => true,
        }
    }
}

/// Follows one process after the other.
#[derive(Debug)]
pub(super) struct WorkerMonitor {
    setup: Setup,
    address: SocketAddr,
    status: Sender<Status>,
    commands: UnboundedReceiver<Command>,
    strikes: Strikes,
}

impl WorkerMonitor {
    pub(super) fn new(
        setup: Setup,
        address: SocketAddr,
        status: Sender<Status>,
        commands: UnboundedReceiver<Command>,
    ) -> Self {
        Self { setup, address, status, commands, strikes: Strikes::default() }
    }

    /// Follows the first process and those after it, until the worker stays down.
    pub(super) async fn run(mut self, first: Process) {
        let mut process = first;
        while let Some(next) = self.run_until_exit(process).await {
            process = next;
        }
    }

    /// The next process, or none when the worker stays down.
    async fn run_until_exit(&mut self, mut process: Process) -> Option<Process> {
        let (end, was_ready) = self.follow(&mut process).await;
        self.set_status(Phase::Starting, None);
        if !matches!(end, ProcessEnd::Exited(_)) {
            process.kill().await;
        }
        process.drain_output().await;
        let strike = end.is_strike();
        let strikes = if strike { self.strikes.add(self.setup.clock.now()) } else { self.strikes.count() };
        let code = if let ProcessEnd::Exited(code) = end { code } else { None };
        self.setup.events.publish(Event::WorkerExited { code, strike, strikes });
        let how = process.stderr_tail(&self.describe(end));
        match end {
            ProcessEnd::Exited(Some(0)) | ProcessEnd::Stopped => self.stop_for_good(Phase::Exited(how)),
            ProcessEnd::Exited(Some(RESTART_EXIT_CODE)) | ProcessEnd::TimedOut => self.restart(),
            ProcessEnd::Unresponsive => self.stop_for_good(Phase::InstanceOver(how)),
            ProcessEnd::Exited(_) | ProcessEnd::NotReady { .. } if strikes >= LIMIT => {
                self.stop_for_good(Phase::InstanceOver(how))
            }
            ProcessEnd::Exited(_) | ProcessEnd::NotReady { .. } => {
                if !was_ready {
                    self.record_start_failure(how);
                }
                self.restart()
            }
        }
    }

    /// How a process ended, or why it has to, and whether it had answered.
    async fn follow(&mut self, process: &mut Process) -> (ProcessEnd, bool) {
        let started = Instant::now();
        if let Some(pid) = process.pid() {
            self.setup.events.publish(Event::WorkerStarted { pid });
        }
        let accepted = AtomicBool::new(false);
        let mut answered = std::pin::pin!(ping::wait_until_answered(self.address, &accepted));
        let mut late = std::pin::pin!(sleep_until(started + self.setup.handler.initialization_timeout));
        let (mut ready, mut timed_out) = (false, false);
        let end = loop {
            tokio::select! {
                biased;
                code = process.ended() => break ProcessEnd::Exited(code),
                () = &mut answered, if !ready => {
                    ready = true;
                    self.set_status(Phase::Ready, process.pid());
                    self.setup.events.publish(Event::WorkerReady { after: started.elapsed() });
                }
                () = &mut late, if !ready && !timed_out => {
                    // A worker that has accepted the connection is waited for.
                    if !accepted.load(Ordering::Relaxed) {
                        break ProcessEnd::NotReady { on_ipv6: ping::listens_on_ipv6_only(self.address.port()).await };
                    }
                    timed_out = true;
                }
                Some(command) = self.commands.recv() => match command {
                    // Meant for a process before this one: nothing can have run here yet.
                    Command::TimedOut if !ready => {}
                    Command::ReadinessTimeout if ready => {}
                    Command::ReadinessTimeout => break ProcessEnd::Unresponsive,
                    Command::TimedOut => break ProcessEnd::TimedOut,
                    Command::Stop => break ProcessEnd::Stopped,
                },
            }
        };
        (end, ready)
    }

    /// Starts the next process on the same port; one that cannot even be started is a strike as well.
    fn restart(&mut self) -> Option<Process> {
        loop {
            match Process::spawn(&self.setup, self.address.port()) {
                Ok(process) => {
                    self.set_status(Phase::Starting, process.pid());
                    return Some(process);
                }
                Err(why) if self.strikes.add(self.setup.clock.now()) >= LIMIT => {
                    return self.stop_for_good(Phase::InstanceOver(why));
                }
                Err(why) => self.record_start_failure(why),
            }
        }
    }

    fn record_start_failure(&self, why: String) {
        self.status.send_modify(|status| {
            status.start_failure.get_or_insert(why);
        });
    }

    fn set_status(&self, phase: Phase, pid: Option<u32>) {
        self.status.send_modify(|status| {
            status.phase = phase;
            status.pid = pid;
        });
    }

    fn stop_for_good(&self, phase: Phase) -> Option<Process> {
        self.set_status(phase, None);
        None
    }

    fn describe(&self, end: ProcessEnd) -> String {
        match end {
            ProcessEnd::Exited(Some(code)) => format!("it exited with code {code}"),
            ProcessEnd::Exited(None) => "a signal ended it".to_owned(),
            ProcessEnd::NotReady { on_ipv6: true } => format!(
                "it listens only on [::1]:{0}, but the host calls 127.0.0.1:{0}; let it listen on 127.0.0.1",
                self.address.port()
            ),
            ProcessEnd::NotReady { on_ipv6: false } => format!(
                "it did not listen on 127.0.0.1:{} within {:?} (customHandler.initializationTimeout); \
                 check that it reads its port from FUNCTIONS_CUSTOMHANDLER_PORT",
                self.address.port(),
                self.setup.handler.initialization_timeout
            ),
            ProcessEnd::Unresponsive => {
                "it took the connection and never answered GET /; answer that at once, before slow \
                 preparations"
                    .to_owned()
            }
            ProcessEnd::TimedOut => "an invocation exceeded functionTimeout".to_owned(),
            ProcessEnd::Stopped => "the host has stopped it".to_owned(),
        }
    }
}

/// The exit code of a worker that wants to be restarted.
const RESTART_EXIT_CODE: i32 = 200;
