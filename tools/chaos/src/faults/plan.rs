//! Which faults strike when: drawn from the seed, counted in operations.

use std::time::Duration;

use anyhow::Context as _;
use functions_emulator::queues::MessageFault;
use tokio::{sync::watch, time::sleep};

use super::{Fault, PURGE, RELAY};
use crate::{
    clocks::MAX_SKEW,
    cluster::TestCluster,
    journal::Journal,
    request::{FULFILMENT, INCOMING},
    rng::Rng,
};

/// A fault and its time: this long after this many operations.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
struct ScheduledFault {
    operations: u64,
    then: Duration,
    fault: Fault,
}

/// What a plan is drawn for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scope {
    /// The operations before it.
    pub(crate) from: u64,
    /// The operations over which it spreads.
    pub(crate) operations: u64,
    /// Workers to kill.
    pub(crate) kills: u64,
    /// Whether there is a database server to kill.
    pub(crate) server: bool,
    /// Whether the workers' clocks can jump.
    pub(crate) clocks: bool,
}

/// Faults that come one after another in several lists: none waits for another's restart.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Plan {
    /// One for each worker that is killed.
    kills: [Vec<ScheduledFault>; 2],
    /// Faults of the database's server and of the way to it.
    server: Vec<ScheduledFault>,
    rest: Vec<ScheduledFault>,
}

impl Plan {
    /// Draws the faults of this many operations.
    pub(crate) fn draw(rng: &mut Rng, scope: Scope) -> Self {
        let mut killed = [Vec::new(), Vec::new()];
        for kill in 0..scope.kills {
            let node = usize::from(kill % 2 == 1);
            let fault = Fault::Kill { node, at_once: rng.below(5) == 0 };
            killed[node].push(due(rng, scope, fault));
        }
        let mut rest = Vec::new();
        some_of(&mut rest, rng, scope, 40, |_| Fault::Message(FULFILMENT, MessageFault::Duplicated));
        some_of(&mut rest, rng, scope, 40, |rng| Fault::Message(FULFILMENT, late(rng)));
        some_of(&mut rest, rng, scope, 80, |_| Fault::Message(FULFILMENT, MessageFault::Lost));
        some_of(&mut rest, rng, scope, 20, |_| Fault::Message(FULFILMENT, MessageFault::LeaseExpired));
        some_of(&mut rest, rng, scope, 40, |_| Fault::Message(FULFILMENT, MessageFault::Poisoned));
        // Messages of this queue exist nowhere else, so no fault loses them.
        some_of(&mut rest, rng, scope, 60, |_| Fault::Message(INCOMING, MessageFault::Duplicated));
        some_of(&mut rest, rng, scope, 60, |rng| Fault::Message(INCOMING, late(rng)));
        some_of(&mut rest, rng, scope, 40, |_| Fault::Message(INCOMING, MessageFault::LeaseExpired));
        some_of(&mut rest, rng, scope, 100, |_| Fault::Message(INCOMING, MessageFault::Poisoned));
        some_of(&mut rest, rng, scope, 400, |rng| Fault::Away(Duration::from_millis(rng.within(50, 800))));
        some_of(&mut rest, rng, scope, 2500, outage);
        some_of(&mut rest, rng, scope, 50, |rng| Fault::Timer { node: node(rng), function: RELAY });
        some_of(&mut rest, rng, scope, 500, |rng| Fault::Timer { node: node(rng), function: PURGE });
        if scope.clocks {
            some_of(&mut rest, rng, scope, 60, jump);
        }
        let mut server = Vec::new();
        if scope.server {
            let crash = |rng: &mut Rng| Fault::Crash(Duration::from_millis(rng.below(1000)));
            some_of(&mut server, rng, scope, 250, crash);
            some_of(&mut server, rng, scope, 500, |rng| {
                Fault::Silent(Duration::from_millis(rng.below(2000)))
            });
            // Two answers make a login: 1 to 3 seconds, where a call waits 2.
            let slow = |rng: &mut Rng| Fault::SlowLogin(Duration::from_millis(rng.within(500, 1500)));
            some_of(&mut server, rng, scope, 500, slow);
        }
        for list in killed.iter_mut().chain([&mut server, &mut rest]) {
            list.sort_by_key(|due| due.operations);
        }
        Self { kills: killed, server, rest }
    }

    /// Brings the faults about while operations go on; returns when all have been. Dropping it stops them.
    pub(crate) async fn carry_out(
        &self,
        cluster: &TestCluster,
        journal: &Journal,
        done: &watch::Sender<u64>,
    ) -> anyhow::Result<()> {
        let [first, second] = &self.kills;
        let follow = |list| follow(list, cluster, journal, done.subscribe());
        tokio::try_join!(follow(first), follow(second), follow(&self.server), follow(&self.rest))?;
        Ok(())
    }
}

/// Adds a fault for every this many operations.
fn some_of(
    list: &mut Vec<ScheduledFault>,
    rng: &mut Rng,
    scope: Scope,
    one_in: u64,
    fault: fn(&mut Rng) -> Fault,
) {
    for _ in 0..scope.operations.div_ceil(one_in) {
        let fault = fault(rng);
        list.push(due(rng, scope, fault));
    }
}

fn due(rng: &mut Rng, scope: Scope, fault: Fault) -> ScheduledFault {
    let operations = scope.from + rng.below(scope.operations);
    ScheduledFault { operations, then: Duration::from_micros(rng.below(20_000)), fault }
}

fn node(rng: &mut Rng) -> usize {
    usize::from(rng.below(2) == 1)
}

fn late(rng: &mut Rng) -> MessageFault {
    MessageFault::Delayed(Duration::from_millis(rng.within(10, 2500)))
}

fn outage(rng: &mut Rng) -> Fault {
    Fault::Outage { node: node(rng), away: Duration::from_millis(rng.within(4000, 8000)) }
}

/// A jump of a clock: to the right time, or by minutes beyond the outbox's deadline, by hours, or by days beyond the
/// life of request keys.
fn jump(rng: &mut Rng) -> Fault {
    let far = match rng.below(4) {
        0 => 0,
        1 => rng.within(1, 59) * 60,
        2 => rng.within(1, 23) * 3600,
        _ => rng.within(24 * 3600, MAX_SKEW.unsigned_abs()),
    };
    let far = i64::try_from(far).unwrap_or_default();
    Fault::Jump { node: node(rng), seconds: if rng.below(2) == 0 { far } else { -far } }
}

async fn follow(
    list: &[ScheduledFault],
    cluster: &TestCluster,
    journal: &Journal,
    mut done: watch::Receiver<u64>,
) -> anyhow::Result<()> {
    for due in list {
        done.wait_for(|done| *done >= due.operations).await.context("the clients are gone")?;
        sleep(due.then).await;
        due.fault.inject(cluster, journal).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const SCOPE: Scope = Scope { from: 1000, operations: 2000, kills: 31, server: true, clocks: true };

    fn draw(seed: u64, scope: Scope) -> Plan {
        Plan::draw(&mut Rng::new(seed), scope)
    }

    #[test]
    fn a_seed_determines_the_plan() {
        assert_eq!(draw(3, SCOPE), draw(3, SCOPE));
        assert_ne!(draw(3, SCOPE), draw(4, SCOPE));
    }

    #[test]
    fn a_plan_contains_every_fault_and_kill() {
        let plan = draw(1, SCOPE);
        let [first, second] = &plan.kills;
        assert_eq!((first.len(), second.len(), plan.server.len()), (16, 15, 16));
        let of_the_server =
            |wanted: fn(&Fault) -> bool| plan.server.iter().filter(|due| wanted(&due.fault)).count();
        assert_eq!(of_the_server(|fault| matches!(fault, Fault::Crash(_))), 8);
        assert_eq!(of_the_server(|fault| matches!(fault, Fault::Silent(_))), 4);
        assert_eq!(of_the_server(|fault| matches!(fault, Fault::SlowLogin(_))), 4);
        assert!(first.iter().all(|due| matches!(due.fault, Fault::Kill { node: 0, .. })));
        let there = |wanted: fn(&Fault) -> bool| plan.rest.iter().any(|due| wanted(&due.fault));
        assert!(there(|fault| matches!(fault, Fault::Away(_))));
        assert!(there(|fault| matches!(fault, Fault::Outage { .. })));
        assert!(there(|fault| matches!(fault, Fault::Timer { function: RELAY, .. })));
        assert!(there(|fault| matches!(fault, Fault::Timer { function: PURGE, .. })));
        assert!(there(|fault| matches!(fault, Fault::Jump { seconds: 86_400.., .. })));
        assert!(there(|fault| matches!(fault, Fault::Jump { seconds: ..0, .. })));
        for wanted in
            [MessageFault::Duplicated, MessageFault::Lost, MessageFault::LeaseExpired, MessageFault::Poisoned]
        {
            let fault = Fault::Message(FULFILMENT, wanted);
            assert!(plan.rest.iter().any(|due| due.fault == fault), "{wanted:?}");
        }
        assert!(plan.rest.is_sorted_by_key(|due| due.operations));
        assert!(plan.rest.iter().all(|due| (1000..3000).contains(&due.operations)));
    }

    #[test]
    fn messages_without_a_copy_are_never_dropped() {
        let lost = Fault::Message(INCOMING, MessageFault::Lost);
        assert!((0..50).all(|seed| draw(seed, SCOPE).rest.iter().all(|due| due.fault != lost)));
    }

    #[test]
    fn plans_inject_only_supported_faults() {
        let plan = draw(1, Scope { server: false, clocks: false, ..SCOPE });
        assert!(plan.server.is_empty());
        assert!(plan.rest.iter().all(|due| !matches!(due.fault, Fault::Jump { .. })));
    }
}
