//! What goes wrong, and how it is brought about.

mod network;
mod plan;

use std::{fmt, time::Duration};

use anyhow::ensure;
use functions_emulator::queues::MessageFault;
use tokio::time::sleep;

use super::{journal::Journal, world::World};

pub(super) use plan::{Plan, Scope};

/// Something that goes wrong.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Fault {
    /// kill -9 of the worker of a site; at once, or as soon as it answers again.
    Kill { site: usize, at_once: bool },
    /// PostgreSQL is killed, and started again after a while.
    Crash(Duration),
    /// The connections to PostgreSQL fall silent, and new ones are silent for a while.
    Silent(Duration),
    /// The connections to PostgreSQL are reset, and each answer of a login is late for a while.
    SlowLogin(Duration),
    /// A fault of the next message of a queue.
    Message(&'static str, MessageFault),
    /// The queue server is away for a while.
    Away(Duration),
    /// The clock of a site's worker is off by so many seconds from now on.
    Jump { site: usize, seconds: i64 },
    /// A timer of a site fires, whatever the time is.
    Timer { site: usize, function: &'static str },
}

/// Sends open messages again.
const RELAY: &str = "RelayOutbox";

/// Forgets what has expired, by the clock of the worker that does it.
const PURGE: &str = "PurgeExpired";

impl Fault {
    /// Brings it about, and puts it into the journal.
    async fn strike(self, world: &World, journal: &Journal) -> anyhow::Result<()> {
        match self {
            Self::Kill { site, at_once } => {
                let site = &world.sites[site];
                if !at_once {
                    site.serves().await;
                }
                let _may = world.no_kills.lock().await;
                while !site.kill() {
                    sleep(Duration::from_millis(5)).await;
                }
                journal.kill(format!("{self} ({})", site.entrance));
            }
            Self::Crash(away) => {
                journal.blow(self.to_string());
                ensure!(world.database.crash(away).await, "PostgreSQL did not come back after {away:?}");
                journal.blow("PostgreSQL is back".to_owned());
            }
            Self::Silent(time) => network::silence(world, journal, time, self.to_string()).await,
            Self::SlowLogin(late) => network::slow_login(world, journal, late, self.to_string()).await,
            Self::Message(queue, fault) => {
                world.queues.inject(queue, fault);
                journal.blow(self.to_string());
            }
            Self::Away(time) => {
                world.queues.set_unavailable(true);
                journal.blow(self.to_string());
                sleep(time).await;
                world.queues.set_unavailable(false);
                journal.blow("the queues are back".to_owned());
            }
            Self::Jump { site, seconds } => {
                let site = &world.sites[site];
                site.clock.jump(seconds)?;
                journal.blow(format!("{self} ({})", site.entrance));
            }
            Self::Timer { site, function } => self.fire(world, journal, site, function).await,
        }
        Ok(())
    }

    async fn fire(self, world: &World, journal: &Journal, site: usize, function: &'static str) {
        let site = &world.sites[site];
        // A worker that dies under it is one of the things that happen.
        let fired = site.host.fire_timer(function).await;
        if function == PURGE {
            journal.purge(site.clock.micros());
        }
        let outcome = fired.err().unwrap_or_else(|| "it ran".to_owned());
        journal.blow(format!("{self} ({}): {outcome}", site.entrance));
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
            Self::Jump { seconds: 0, .. } => f.write_str("the worker's clock is put right"),
            Self::Jump { seconds, .. } => write!(f, "the worker's clock is off by {seconds} s"),
            Self::Timer { function, .. } => write!(f, "the timer of {function} fires"),
        }
    }
}
