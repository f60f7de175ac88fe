//! Many clients at once, until enough was answered and all faults have been.

use std::time::Duration;

use futures_util::future::join_all;
use tokio::{sync::watch, time::sleep};

use super::{
    cluster::{Node, TestCluster},
    journal::{Call, Journal, Outcome},
    known_orders::{KnownOrder, KnownOrders},
    operations::{self, Operation, READS},
    request::{Request, Transport},
    rng::Rng,
};

/// Clients at a time.
const CLIENTS: usize = 12;

/// A client's pause after a server in trouble, so that it does not spend the run on being refused.
const PAUSE: Duration = Duration::from_millis(20);

/// What all clients of a run share.
pub(super) struct Clients<'a> {
    pub(super) cluster: &'a TestCluster,
    pub(super) journal: &'a Journal,
    pub(super) pool: &'a KnownOrders,
    /// Operations that were answered by a server that was not in trouble.
    pub(super) done: &'a watch::Sender<u64>,
}

impl Clients<'_> {
    /// Works until `enough`; every client finishes what it has begun.
    pub(super) async fn work(&self, rng: &mut Rng, enough: impl Fn() -> bool) {
        let clients: Vec<Rng> = (0..CLIENTS).map(|_| rng.split()).collect();
        join_all(clients.into_iter().map(|rng| self.client(rng, &enough))).await;
    }

    async fn client(&self, mut rng: Rng, enough: &impl Fn() -> bool) {
        while !enough() {
            let (operation, request) = Operation::draw(&mut rng, self.pool);
            self.retry(usize::from(rng.below(2) == 1), operation, request).await;
        }
    }

    /// Tries as often as the operation allows, by direct requests and envelopes in turn, until an answer shows the
    /// result.
    async fn retry(&self, node: usize, operation: &'static Operation, request: Request) {
        for attempt in 0..=operation.again as usize {
            let node = &self.cluster.nodes[(node + attempt) % 2];
            let status = self.perform(node, operation, &request).await;
            let told = status.is_some_and(|status| status < 500);
            if told {
                self.done.send_modify(|done| *done += 1);
            }
            // 409 to a request that may be repeated: its twin is still at work.
            if told && (operation.again == 0 || status != Some(409)) {
                return;
            }
            sleep(PAUSE).await;
        }
    }

    /// Reads every order and its history once more as its owner, by direct requests and envelopes in turn.
    pub(super) async fn read_all(&self) {
        let orders = self.pool.all();
        let share = orders.len().div_ceil(CLIENTS).max(1);
        let look = async |orders: &[KnownOrder]| {
            let [read, history] = READS;
            for (at, order) in orders.iter().enumerate() {
                let (node, other) = (&self.cluster.nodes[at % 2], &self.cluster.nodes[(at + 1) % 2]);
                self.perform(node, read, &operations::read_order(order.clone())).await;
                self.perform(other, history, &operations::read_history(order.clone())).await;
            }
        };
        join_all(orders.chunks(share).map(look)).await;
    }

    /// Makes one call and records it in the journal. The status, if there was an answer.
    async fn perform(&self, node: &Node, operation: &'static Operation, request: &Request) -> Option<u16> {
        let began = self.journal.now();
        let outcome = node.api.send(request, &self.cluster.queues).await;
        let mut call = Call {
            began,
            ended: self.journal.now(),
            operation: operation.name,
            expected: operation.expected,
            mode: if let Transport::Queue(queue) = request.transport { queue } else { node.mode },
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
