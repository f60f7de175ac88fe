//! What clients do: a list to be added to.

use std::sync::{Mutex, MutexGuard, PoisonError};

use reqwest::Method;
use serde_json::{Value, json};

use super::dice::Dice;

/// The products that are there before the first operation, with their prices.
pub(super) const PRODUCTS: [(&str, i64); 4] =
    [("BEANS", 1290), ("FILTER", 540), ("GRINDER", 8900), ("MUG", 1)];

/// People of `.local-host.json` who place orders.
const BUYERS: [&str; 2] = ["buyer", "neighbour"];

/// People of `.local-host.json` who may hand orders to fulfilment.
const CLERKS: [&str; 2] = ["clerk", "warehouse"];

/// How many of the newest orders every other draw is taken from: where clients meet each other.
const CROWD: usize = 6;

/// One thing that clients do.
pub(super) struct Operation {
    /// Its name in the journal.
    pub(super) name: &'static str,
    /// How often it is drawn, of the sum of all.
    share: u64,
    /// The statuses that it allows beside those of a server in trouble.
    pub(super) expected: &'static [u16],
    /// The request; none as long as there is no order to act on.
    request: fn(&mut Dice, &Pool) -> Option<Request>,
}

/// A request that an operation makes.
#[derive(Clone, Debug)]
pub(super) struct Request {
    pub(super) person: &'static str,
    pub(super) method: Method,
    pub(super) path: String,
    pub(super) body: Value,
    pub(super) reference: Option<String>,
    pub(super) order: Option<String>,
}

/// Orders that were acknowledged, for all clients.
#[derive(Debug, Default)]
pub(super) struct Pool {
    known: Mutex<Known>,
}

#[derive(Debug, Default)]
struct Known {
    orders: Vec<(String, &'static str)>,
    references: u64,
}

/// Every operation.
pub(super) const ALL: [Operation; 5] = [
    Operation { name: "place", share: 30, expected: &[201], request: |dice, pool| Some(place(dice, pool)) },
    Operation { name: "process", share: 40, expected: &[202, 409], request: process },
    Operation { name: "read", share: 20, expected: &[200], request: read },
    Operation { name: "read another's", share: 5, expected: &[404], request: read_anothers },
    Operation { name: "list", share: 5, expected: &[200], request: |dice, _| Some(list(dice)) },
];

/// The one with which every order is looked at once more at the end.
pub(super) const READ: &Operation = &ALL[2];

impl Operation {
    /// Draws an operation that has something to act on, and its request.
    pub(super) fn draw(dice: &mut Dice, pool: &Pool) -> (&'static Self, Request) {
        loop {
            let mut ticket = dice.below(ALL.iter().map(|operation| operation.share).sum());
            for operation in &ALL {
                if ticket < operation.share {
                    if let Some(request) = (operation.request)(dice, pool) {
                        return (operation, request);
                    }
                    break;
                }
                ticket -= operation.share;
            }
        }
    }
}

impl Pool {
    /// Takes an order in that `owner` was told of.
    pub(super) fn add(&self, id: &str, owner: &'static str) {
        self.open().orders.push((id.to_owned(), owner));
    }

    /// A look at each order by its owner.
    pub(super) fn last_looks(&self) -> Vec<Request> {
        self.open().orders.iter().map(|(id, owner)| look(id, owner)).collect()
    }

    fn draw(&self, dice: &mut Dice) -> Option<(String, &'static str)> {
        let known = self.open();
        let from = if dice.below(2) == 0 { known.orders.len().saturating_sub(CROWD) } else { 0 };
        dice.pick(&known.orders[from..]).cloned()
    }

    fn next_reference(&self) -> String {
        let mut known = self.open();
        known.references += 1;
        format!("PO-{}", known.references)
    }

    fn open(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn place(dice: &mut Dice, pool: &Pool) -> Request {
    let reference = pool.next_reference();
    let first = dice.below(PRODUCTS.len() as u64);
    let lines: Vec<Value> = (0..dice.within(1, 3))
        .filter_map(|next| PRODUCTS.get(usize::try_from((first + next) % PRODUCTS.len() as u64).ok()?))
        .map(|(sku, _)| json!({"sku": sku, "quantity": dice.within(1, 20)}))
        .collect();
    let note = (dice.below(2) == 0).then(|| format!("leave it at door {}", dice.below(100)));
    Request {
        person: dice.pick(&BUYERS).copied().unwrap_or(BUYERS[0]),
        method: Method::POST,
        path: "/api/orders".to_owned(),
        body: json!({"reference": reference, "currency": "EUR", "lines": lines, "note": note}),
        reference: Some(reference),
        order: None,
    }
}

fn process(dice: &mut Dice, pool: &Pool) -> Option<Request> {
    let (id, _) = pool.draw(dice)?;
    Some(Request {
        person: dice.pick(&CLERKS).copied()?,
        method: Method::POST,
        path: format!("/api/orders/{id}/process"),
        body: Value::Null,
        reference: None,
        order: Some(id),
    })
}

fn read(dice: &mut Dice, pool: &Pool) -> Option<Request> {
    let (id, owner) = pool.draw(dice)?;
    Some(look(&id, owner))
}

fn read_anothers(dice: &mut Dice, pool: &Pool) -> Option<Request> {
    let (id, owner) = pool.draw(dice)?;
    let other = BUYERS.into_iter().find(|buyer| *buyer != owner)?;
    Some(look(&id, other))
}

fn look(id: &str, person: &'static str) -> Request {
    let (order, path) = (Some(id.to_owned()), format!("/api/orders/{id}"));
    Request { person, method: Method::GET, path, body: Value::Null, reference: None, order }
}

fn list(dice: &mut Dice) -> Request {
    Request {
        person: dice.pick(&BUYERS).copied().unwrap_or(BUYERS[0]),
        method: Method::GET,
        path: format!("/api/orders?limit={}", dice.within(1, 20)),
        body: Value::Null,
        reference: None,
        order: None,
    }
}
