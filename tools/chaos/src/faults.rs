//! What goes wrong, and how it is brought about.

mod network;
mod plan;

use std::{fmt, time::Duration};

use anyhow::ensure;
use functions_emulator::queues::MessageFault;
use tokio::time::sleep;

use super::{cluster::TestCluster, journal::Journal};

pub(super) use plan::{Plan, Scope};

/// Something that goes wrong.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Fault {
    /// kill -9 of the worker of a node; at once, or as soon as it answers again.
    Kill { node: usize, at_once: bool },
    /// PostgreSQL is killed, and started again after a while.
    Crash(Duration),
    /// The connections to PostgreSQL fall silent, and new ones are silent for a while.
    Silent(Duration),
    /// The connections to PostgreSQL are reset, and each answer of a login is late for a while.
    SlowLogin(Duration),
    /// A fault of the next message of a queue.
    Message(&'static str, MessageFault),
    /// The queue server is unavailable for a while.
    Away(Duration),
    /// The queue server is unavailable for longer than senders repeat, so that a backlog grows in the outbox. Then a
    /// node's relay sends it to queues that are slow.
    Outage { node: usize, away: Duration },
    /// The clock of a node's worker is off by this many seconds from now on.
    Jump { node: usize, seconds: i64 },
    /// A timer of a node fires at an unscheduled time.
    Timer { node: usize, function: &'static str },
}

/// Sends open messages again.
const RELAY: &str = "RelayOutbox";

/// The timer function that deletes expired rows, by the clock of the worker that runs it.
const PURGE: &str = "PurgeExpired";

/// What a real queue needs for each message.
const OUTPUT_DELAY: Duration = Duration::from_millis(15);

impl Fault {
    /// Brings it about, and puts it into the journal.
    async fn inject(self, cluster: &TestCluster, journal: &Journal) -> anyhow::Result<()> {
        match self {
            Self::Kill { node, at_once } => {
                let node = &cluster.nodes[node];
                if !at_once {
                    node.serves().await;
                }
                let _may = cluster.no_kills.lock().await;
                while !node.kill() {
                    sleep(Duration::from_millis(5)).await;
                }
                journal.kill(format!("{self} ({})", node.mode));
            }
            Self::Crash(away) => {
                journal.record_fault(self.to_string());
                ensure!(cluster.database.crash(away).await, "PostgreSQL did not come back after {away:?}");
                journal.record_fault("PostgreSQL is back".to_owned());
            }
            Self::Silent(time) => network::silence(cluster, journal, time, self.to_string()).await,
            Self::SlowLogin(late) => network::slow_login(cluster, journal, late, self.to_string()).await,
            Self::Message(queue, fault) => {
                cluster.queues.inject(queue, fault);
                journal.record_fault(self.to_string());
            }
            Self::Away(time) => self.take_queues_away(cluster, journal, time).await,
            Self::Outage { node, away } => {
                self.take_queues_away(cluster, journal, away).await;
                let host = &cluster.nodes[node].host;
                host.delay_outputs(OUTPUT_DELAY);
                self.fire(cluster, journal, node, RELAY).await;
                host.delay_outputs(Duration::ZERO);
            }
            Self::Jump { node, seconds } => {
                let node = &cluster.nodes[node];
                node.clock.jump(seconds)?;
                journal.record_fault(format!("{self} ({})", node.mode));
            }
            Self::Timer { node, function } => self.fire(cluster, journal, node, function).await,
        }
        Ok(())
    }

    async fn take_queues_away(self, cluster: &TestCluster, journal: &Journal, time: Duration) {
        cluster.queues.set_unavailable(true);
        journal.record_fault(self.to_string());
        sleep(time).await;
        cluster.queues.set_unavailable(false);
        journal.record_fault("the queues are back".to_owned());
    }

    async fn fire(self, cluster: &TestCluster, journal: &Journal, node: usize, function: &'static str) {
        let node = &cluster.nodes[node];
        // A worker that dies under it is one of the things that happen.
        let fired = node.host.fire_timer(function).await;
        if function == PURGE {
            journal.purge(node.clock.micros());
        }
        let outcome = fired.err().unwrap_or_else(|| "it ran".to_owned());
        journal.record_fault(format!("{self} ({}): {outcome}", node.mode));
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Kill { .. } => f.write_str("kill -9 of the worker"),
            Self::Crash(away) => write!(f, "PostgreSQL is killed and away for {away:?}"),
            Self::Silent(time) => write!(f, "PostgreSQL is silent, and for {time:?} to new connections"),
            Self::SlowLogin(late) => write!(f, "each answer of a login to PostgreSQL is late by {late:?}"),
            Self::Message(queue, MessageFault::Duplicated) => {
                write!(f, "the next message of {queue} is doubled")
            }
            Self::Message(queue, MessageFault::Delayed(time)) => {
                write!(f, "the next message of {queue} is late by {time:?}")
            }
            Self::Message(queue, MessageFault::Lost) => write!(f, "the next message of {queue} is lost"),
            Self::Message(queue, MessageFault::LeaseExpired) => {
                write!(f, "the next lease of {queue} is over at once")
            }
            Self::Message(queue, MessageFault::Poisoned) => {
                write!(f, "the next message received of {queue} is given up")
            }
            Self::Away(time) => write!(f, "the queues are away for {time:?}"),
            Self::Outage { away, .. } => {
                write!(f, "the queues are away for {away:?}, and slow while the backlog is sent")
            }
            Self::Jump { seconds: 0, .. } => f.write_str("the worker's clock is put right"),
            Self::Jump { seconds, .. } => write!(f, "the worker's clock is off by {seconds} s"),
            Self::Timer { function, .. } => write!(f, "the timer of {function} fires"),
        }
    }
}
