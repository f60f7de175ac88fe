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

/// What others ask of the one who watches.
#[derive(Clone, Copy, Debug)]
pub(super) enum Command {
    /// An invocation passed its time limit.
    TimedOut,
    /// A call has waited for the worker as long as it may.
    Hopeless,
    /// The host instance ends.
    Stop,
}

/// How one process ended.
#[derive(Clone, Copy, Debug)]
enum End {
    /// By itself: the exit code, none for a signal.
    Exited(Option<i32>),
    /// Killed, as it did not listen in time; whether it listens where the host does not call.
    NotReady { elsewhere: bool },
    /// Killed, as a call has waited long enough for a worker that takes connections and says nothing.
    Mute,
    /// Killed, as an invocation passed its time limit.
    TimedOut,
    /// Killed, as the instance ends.
    Stopped,
}

impl End {
    fn is_strike(self) -> bool {
        match self {
            Self::Exited(Some(0 | RESTART_ME)) | Self::TimedOut | Self::Stopped => false,
            Self::Exited(_) | Self::NotReady { .. } | Self::Mute => true,
        }
    }
}

/// Follows one process after the other.
#[derive(Debug)]
pub(super) struct Watch {
    setup: Setup,
    address: SocketAddr,
    status: Sender<Status>,
    commands: UnboundedReceiver<Command>,
    strikes: Strikes,
}

impl Watch {
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
        while let Some(next) = self.follow_to_its_end(process).await {
            process = next;
        }
    }

    /// The next process, or none when the worker stays down.
    async fn follow_to_its_end(&mut self, mut process: Process) -> Option<Process> {
        let (end, was_ready) = self.follow(&mut process).await;
        self.set(Phase::Starting, None);
        if !matches!(end, End::Exited(_)) {
            process.kill().await;
        }
        process.last_lines().await;
        let strike = end.is_strike();
        let strikes = if strike { self.strikes.add(self.setup.clock.now()) } else { self.strikes.count() };
        let code = if let End::Exited(code) = end { code } else { None };
        self.setup.events.tell(Event::WorkerExited { code, strike, strikes });
        let how = process.last_words(&self.describe(end));
        match end {
            End::Exited(Some(0)) | End::Stopped => self.stay_down(Phase::Dead(how)),
            End::Exited(Some(RESTART_ME)) | End::TimedOut => self.next(),
            End::Mute => self.stay_down(Phase::Over(how)),
            End::Exited(_) | End::NotReady { .. } if strikes >= LIMIT => self.stay_down(Phase::Over(how)),
            End::Exited(_) | End::NotReady { .. } => {
                if !was_ready {
                    self.failed_to_start(how);
                }
                self.next()
            }
        }
    }

    /// How a process ended, or why it has to, and whether it had answered.
    async fn follow(&mut self, process: &mut Process) -> (End, bool) {
        let started = Instant::now();
        if let Some(pid) = process.pid() {
            self.setup.events.tell(Event::WorkerStarted { pid });
        }
        let taken = AtomicBool::new(false);
        let mut answered = std::pin::pin!(ping::until_answered(self.address, &taken));
        let mut late = std::pin::pin!(sleep_until(started + self.setup.handler.initialization_timeout));
        let (mut ready, mut is_late) = (false, false);
        let end = loop {
            tokio::select! {
                biased;
                code = process.ended() => break End::Exited(code),
                () = &mut answered, if !ready => {
                    ready = true;
                    self.set(Phase::Ready, process.pid());
                    self.setup.events.tell(Event::WorkerReady { after: started.elapsed() });
                }
                () = &mut late, if !ready && !is_late => {
                    // A worker that has taken the connection is waited for.
                    if !taken.load(Ordering::Relaxed) {
                        break End::NotReady { elsewhere: ping::is_elsewhere(self.address.port()).await };
                    }
                    is_late = true;
                }
                Some(command) = self.commands.recv() => match command {
                    // Meant for a process before this one: nothing can have run here yet.
                    Command::TimedOut if !ready => {}
                    Command::Hopeless if ready => {}
                    Command::Hopeless => break End::Mute,
                    Command::TimedOut => break End::TimedOut,
                    Command::Stop => break End::Stopped,
                },
            }
        };
        (end, ready)
    }

    /// Starts the next process on the same port; one that cannot even be started is a strike as well.
    fn next(&mut self) -> Option<Process> {
        loop {
            match Process::spawn(&self.setup, self.address.port()) {
                Ok(process) => {
                    self.set(Phase::Starting, process.pid());
                    return Some(process);
                }
                Err(why) if self.strikes.add(self.setup.clock.now()) >= LIMIT => {
                    return self.stay_down(Phase::Over(why));
                }
                Err(why) => self.failed_to_start(why),
            }
        }
    }

    fn failed_to_start(&self, why: String) {
        self.status.send_modify(|status| {
            status.failed_start.get_or_insert(why);
        });
    }

    fn set(&self, phase: Phase, pid: Option<u32>) {
        self.status.send_modify(|status| {
            status.phase = phase;
            status.pid = pid;
        });
    }

    fn stay_down(&self, phase: Phase) -> Option<Process> {
        self.set(phase, None);
        None
    }

    fn describe(&self, end: End) -> String {
        match end {
            End::Exited(Some(code)) => format!("it exited with code {code}"),
            End::Exited(None) => "a signal ended it".to_owned(),
            End::NotReady { elsewhere: true } => format!(
                "it listens only on [::1]:{0}, but the host calls 127.0.0.1:{0}; let it listen on 127.0.0.1",
                self.address.port()
            ),
            End::NotReady { elsewhere: false } => format!(
                "it did not listen on 127.0.0.1:{} within {:?} (customHandler.initializationTimeout); \
                 check that it reads its port from FUNCTIONS_CUSTOMHANDLER_PORT",
                self.address.port(),
                self.setup.handler.initialization_timeout
            ),
            End::Mute => "it took the connection and never answered GET /; answer that at once, before slow \
                 preparations"
                .to_owned(),
            End::TimedOut => "an invocation exceeded functionTimeout".to_owned(),
            End::Stopped => "the host has stopped it".to_owned(),
        }
    }
}

/// The exit code of a worker that wants to be restarted.
const RESTART_ME: i32 = 200;
