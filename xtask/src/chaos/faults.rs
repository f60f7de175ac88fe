//! What goes wrong, and when: drawn from the seed, counted in operations.

use std::{fmt, time::Duration};

use local_host::queues::Mishap;
use tokio::{sync::watch, time::sleep};

use super::{dice::Dice, journal::Journal, operations::INCOMING, world::World};

/// The queue whose messages are tampered with in every way: each of them is kept in the outbox too.
const QUEUE: &str = "orders-fulfilment";

/// Something that goes wrong.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Fault {
    /// kill -9 of the worker of a site; at once, or as soon as it answers again.
    Kill { site: usize, at_once: bool },
    /// Something befalls the next message of a queue.
    Message(&'static str, Mishap),
    /// The queue server is away for a while.
    Away(Duration),
    /// The relay timer of a site fires, whatever the time is.
    Relay { site: usize },
}

/// A fault and its time: so long after so many operations.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
struct Due {
    operations: u64,
    then: Duration,
    fault: Fault,
}

/// The faults of a run.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Plan {
    /// One list for each worker that is killed, and one for all else: nobody waits for another's restart.
    lists: [Vec<Due>; 3],
}

impl Plan {
    /// Draws the faults of a run of so many operations.
    pub(super) fn draw(dice: &mut Dice, operations: u64, kills: u64) -> Self {
        let mut killed = [Vec::new(), Vec::new()];
        for kill in 0..kills {
            let site = usize::from(kill % 2 == 1);
            let fault = Fault::Kill { site, at_once: dice.below(5) == 0 };
            killed[site].push(due(dice, operations, fault));
        }
        let mut rest = Vec::new();
        let mut add = |dice: &mut Dice, one_in: u64, fault: fn(&mut Dice) -> Fault| {
            for _ in 0..operations.div_ceil(one_in) {
                let fault = fault(dice);
                rest.push(due(dice, operations, fault));
            }
        };
        add(dice, 40, |_| Fault::Message(QUEUE, Mishap::Twice));
        add(dice, 40, |dice| Fault::Message(QUEUE, late(dice)));
        add(dice, 80, |_| Fault::Message(QUEUE, Mishap::Lost));
        add(dice, 20, |_| Fault::Message(QUEUE, Mishap::LeaseOver));
        // Nobody else keeps these messages: they are never lost.
        add(dice, 60, |_| Fault::Message(INCOMING, Mishap::Twice));
        add(dice, 60, |dice| Fault::Message(INCOMING, late(dice)));
        add(dice, 40, |_| Fault::Message(INCOMING, Mishap::LeaseOver));
        add(dice, 400, |dice| Fault::Away(Duration::from_millis(dice.within(50, 800))));
        add(dice, 50, |dice| Fault::Relay { site: usize::from(dice.below(2) == 1) });
        let [first, second] = killed;
        let mut lists = [first, second, rest];
        for list in &mut lists {
            list.sort_by_key(|due| due.operations);
        }
        Self { lists }
    }

    /// Brings the faults about while operations go on; returns when all have been. Dropping it stops them.
    pub(super) async fn carry_out(&self, world: &World, journal: &Journal, done: &watch::Sender<u64>) {
        let [first, second, rest] = &self.lists;
        tokio::join!(
            follow(first, world, journal, done.subscribe()),
            follow(second, world, journal, done.subscribe()),
            follow(rest, world, journal, done.subscribe()),
        );
    }
}

fn late(dice: &mut Dice) -> Mishap {
    Mishap::Late(Duration::from_millis(dice.within(10, 2500)))
}

fn due(dice: &mut Dice, operations: u64, fault: Fault) -> Due {
    Due { operations: dice.below(operations), then: Duration::from_micros(dice.below(20_000)), fault }
}

async fn follow(list: &[Due], world: &World, journal: &Journal, mut done: watch::Receiver<u64>) {
    for due in list {
        if done.wait_for(|done| *done >= due.operations).await.is_err() {
            return;
        }
        sleep(due.then).await;
        due.fault.strike(world, journal).await;
    }
}

impl Fault {
    async fn strike(self, world: &World, journal: &Journal) {
        match self {
            Self::Kill { site, at_once } => {
                let site = &world.sites[site];
                if !at_once {
                    site.serves().await;
                }
                while !site.kill() {
                    sleep(Duration::from_millis(5)).await;
                }
                journal.kill(format!("{self} ({})", site.entrance));
            }
            Self::Message(queue, mishap) => {
                world.queues.befall(queue, mishap);
                journal.blow(self.to_string());
            }
            Self::Away(time) => {
                world.queues.set_away(true);
                journal.blow(self.to_string());
                sleep(time).await;
                world.queues.set_away(false);
                journal.blow("the queues are back".to_owned());
            }
            Self::Relay { site } => {
                // A worker that dies under it is one of the things that happen.
                let fired = world.sites[site].host.fire_timer("RelayOutbox").await;
                journal.blow(format!("{self} ({})", fired.err().unwrap_or_else(|| "it ran".to_owned())));
            }
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Kill { .. } => f.write_str("kill -9 of the worker"),
            Self::Message(queue, Mishap::Twice) => write!(f, "the next message of {queue} is doubled"),
            Self::Message(queue, Mishap::Late(time)) => {
                write!(f, "the next message of {queue} is late by {time:?}")
            }
            Self::Message(queue, Mishap::Lost) => write!(f, "the next message of {queue} is lost"),
            Self::Message(queue, Mishap::LeaseOver) => write!(f, "the next lease of {queue} is over at once"),
            Self::Away(time) => write!(f, "the queues are away for {time:?}"),
            Self::Relay { .. } => f.write_str("the relay fires"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_always_draws_the_same_plan() {
        let draw = |seed| Plan::draw(&mut Dice::new(seed), 500, 10);
        assert_eq!(draw(3), draw(3));
        assert_ne!(draw(3), draw(4));
    }

    #[test]
    fn every_kind_of_fault_is_in_a_plan_and_every_kill() {
        let plan = Plan::draw(&mut Dice::new(1), 2000, 31);
        let [first, second, rest] = &plan.lists;
        assert_eq!((first.len(), second.len()), (16, 15));
        assert!(first.iter().all(|due| matches!(due.fault, Fault::Kill { site: 0, .. })));
        assert!(rest.iter().any(|due| matches!(due.fault, Fault::Away(_))));
        assert!(rest.iter().any(|due| matches!(due.fault, Fault::Relay { .. })));
        for wanted in [Mishap::Twice, Mishap::Lost, Mishap::LeaseOver] {
            assert!(rest.iter().any(|due| due.fault == Fault::Message(QUEUE, wanted)), "{wanted:?}");
        }
        assert!(rest.is_sorted_by_key(|due| due.operations));
        assert!(rest.iter().all(|due| due.operations < 2000));
    }
}
