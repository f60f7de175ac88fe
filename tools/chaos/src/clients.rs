//! Many clients at once, until enough was answered and all faults have been.

use std::time::Duration;

use futures_util::future::join_all;
use tokio::{sync::watch, time::sleep};

use super::{
    dice::Dice,
    journal::{Call, Journal, Outcome},
    operations::{self, LOOKS, Operation},
    pool::{Known, Pool},
    request::{Request, Way},
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
            self.insist(usize::from(dice.below(2) == 1), operation, request).await;
        }
    }

    /// Tries as often as the operation allows, through the entrances in turn, until it is told what became of it.
    async fn insist(&self, site: usize, operation: &'static Operation, request: Request) {
        for attempt in 0..=operation.again as usize {
            let site = &self.world.sites[(site + attempt) % 2];
            let status = self.perform(site, operation, &request).await;
            let told = status.is_some_and(|status| status < 500);
            if told {
                self.done.send_modify(|done| *done += 1);
            }
            // 409 to a request that may be repeated: its twin is still at work.
            if told && (operation.again == 0 || status != Some(409)) {
                return;
            }
            sleep(BREATH).await;
        }
    }

    /// Has every order and its history looked at once more by its owner, through both entrances in turn.
    pub(super) async fn look_at_all(&self) {
        let orders = self.pool.all();
        let share = orders.len().div_ceil(CLIENTS).max(1);
        let look = async |orders: &[Known]| {
            let [read, history] = LOOKS;
            for (at, order) in orders.iter().enumerate() {
                let (site, other) = (&self.world.sites[at % 2], &self.world.sites[(at + 1) % 2]);
                self.perform(site, read, &operations::look(order.clone())).await;
                self.perform(other, history, &operations::look_back(order.clone())).await;
            }
        };
        join_all(orders.chunks(share).map(look)).await;
    }

    /// Calls once and keeps it in the journal. The status, if there was an answer.
    async fn perform(&self, site: &Site, operation: &'static Operation, request: &Request) -> Option<u16> {
        let began = self.journal.now();
        let outcome = site.callers.send(request, &self.world.queues).await;
        let mut call = Call {
            began,
            ended: self.journal.now(),
            operation: operation.name,
            expected: operation.expected,
            entrance: if let Way::Queue(queue) = request.way { queue } else { site.entrance },
            person: request.person,
            reference: request.reference.clone(),
            order: request.order.clone(),
            letter: request.letter().map(str::to_owned),
            sent: request.body.clone(),
            outcome,
        };
        if let Some(body) = call.acknowledged() {
            self.pool.learn(body, call.person);
        }
        if call.order.is_none() {
            call.order = call.answered_order().map(|(id, ..)| id.to_owned());
        }
        let status = match call.outcome {
            Outcome::Answered { status, .. } => Some(status),
            Outcome::Broken(_) => None,
        };
        self.journal.call(call);
        status
    }
}
