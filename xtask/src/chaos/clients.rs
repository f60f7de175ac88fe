//! Many clients at once, until enough was answered and all faults have been.

use std::time::Duration;

use futures_util::future::join_all;
use tokio::{sync::watch, time::sleep};

use super::{
    dice::Dice,
    journal::{Call, Journal, Outcome},
    operations::{Operation, Pool, READ, Request},
    world::{Site, World},
};

/// Clients at a time.
const CLIENTS: usize = 12;

/// A client's pause after a server in trouble, so that it does not spend the run on being refused.
const BREATH: Duration = Duration::from_millis(20);

/// What all clients of a run share.
pub(super) struct Clients<'a> {
    pub(super) world: &'a World,
    pub(super) journal: &'a Journal,
    pub(super) pool: &'a Pool,
    /// Operations that were answered by a server that was not in trouble.
    pub(super) done: &'a watch::Sender<u64>,
}

impl Clients<'_> {
    /// Works until `enough`; every client finishes what it has begun.
    pub(super) async fn work(&self, dice: &mut Dice, enough: impl Fn() -> bool) {
        let clients: Vec<Dice> = (0..CLIENTS).map(|_| dice.split()).collect();
        join_all(clients.into_iter().map(|dice| self.client(dice, &enough))).await;
    }

    async fn client(&self, mut dice: Dice, enough: &impl Fn() -> bool) {
        while !enough() {
            let (operation, request) = Operation::draw(&mut dice, self.pool);
            let site = &self.world.sites[usize::from(dice.below(2) == 1)];
            if self.perform(site, operation, request).await {
                self.done.send_modify(|done| *done += 1);
            } else {
                sleep(BREATH).await;
            }
        }
    }

    /// Has every order looked at once more by its owner, through both entrances in turn.
    pub(super) async fn look_at_all(&self) {
        let looks = self.pool.last_looks();
        let share = looks.len().div_ceil(CLIENTS).max(1);
        let look = async |looks: &[Request]| {
            for (at, look) in looks.iter().enumerate() {
                self.perform(&self.world.sites[at % 2], READ, look.clone()).await;
            }
        };
        join_all(looks.chunks(share).map(look)).await;
    }

    /// Calls once and keeps it in the journal. True when the server was not in trouble.
    async fn perform(&self, site: &Site, operation: &'static Operation, request: Request) -> bool {
        let began = self.journal.now();
        let outcome = site.callers.send(&request).await;
        let mut call = Call {
            began,
            ended: self.journal.now(),
            operation: operation.name,
            expected: operation.expected,
            entrance: site.entrance,
            person: request.person,
            reference: request.reference,
            order: request.order,
            sent: request.body,
            outcome,
        };
        if call.order.is_none()
            && let Some((id, ..)) = call.answered_order()
        {
            let id = id.to_owned();
            self.pool.add(&id, call.person);
            call.order = Some(id);
        }
        let fine = matches!(call.outcome, Outcome::Answered { status: ..500, .. });
        self.journal.call(call);
        fine
    }
}
