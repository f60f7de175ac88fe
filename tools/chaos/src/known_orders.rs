//! What all clients know: orders that were acknowledged, and requests that may be sent again.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Mutex, MutexGuard, PoisonError},
};

use functions_emulator::users::Users;
use serde_json::Value;

use super::{
    request::{BUYERS, Request, Transport},
    rng::Rng,
};

/// How many of the newest every other draw is taken from: where clients meet each other.
const NEWEST: usize = 6;

/// The clients' common knowledge.
pub(super) struct KnownOrders {
    /// Tenant and object ids by name.
    users: BTreeMap<String, (String, String)>,
    notes: Mutex<Notes>,
}

#[derive(Default)]
struct Notes {
    orders: Vec<KnownOrder>,
    places: BTreeMap<String, usize>,
    repeatable: Vec<Request>,
    letters: BTreeSet<String>,
    references: u64,
}

/// An order that was acknowledged.
#[derive(Clone, Debug)]
pub(super) struct KnownOrder {
    pub(super) id: String,
    pub(super) owner: &'static str,
    pub(super) reference: String,
    /// The highest that was answered.
    pub(super) version: i64,
}

impl KnownOrders {
    pub(super) fn new(users: &Users) -> Self {
        let tenant = users.tenant().to_string();
        let ids =
            users.iter().map(|person| (person.name.clone(), (tenant.clone(), person.object_id.to_string())));
        Self { users: ids.collect(), notes: Mutex::default() }
    }

    /// Tenant and object id of somebody.
    pub(super) fn person(&self, name: &str) -> Option<&(String, String)> {
        self.users.get(name)
    }

    /// Records the orders and dead letters in an answer that `person` got: one order, a list of own ones, or a list of
    /// dead letters.
    pub(super) fn learn(&self, body: &Value, person: &str) {
        let items = body.get("items").and_then(Value::as_array);
        let orders = items.map_or(std::slice::from_ref(body), Vec::as_slice);
        let mut notes = self.open();
        for order in orders {
            if let (Some(letter), Some(_)) = (order["id"].as_str(), order.get("dequeueCount")) {
                notes.letters.insert(letter.to_owned());
            }
            let (Some(id), Some(version)) = (order["id"].as_str(), order["version"].as_i64()) else {
                continue;
            };
            if let Some(place) = notes.places.get(id).copied() {
                let known = &mut notes.orders[place];
                known.version = known.version.max(version);
            } else if let Some(owner) = BUYERS.into_iter().find(|buyer| *buyer == person) {
                let reference = order["reference"].as_str().unwrap_or_default().to_owned();
                let place = notes.orders.len();
                notes.places.insert(id.to_owned(), place);
                notes.orders.push(KnownOrder { id: id.to_owned(), owner, reference, version });
            }
        }
    }

    /// Any order, or every other time one of the newest.
    pub(super) fn draw(&self, rng: &mut Rng) -> Option<KnownOrder> {
        let notes = self.open();
        let from = newest(notes.orders.len(), rng);
        rng.pick(&notes.orders[from..]).cloned()
    }

    /// A dead letter that was listed.
    pub(super) fn draw_letter(&self, rng: &mut Rng) -> Option<String> {
        let notes = self.open();
        let from = newest(notes.letters.len(), rng);
        let letters: Vec<&String> = notes.letters.iter().skip(from).collect();
        rng.pick(&letters).map(|letter| (*letter).clone())
    }

    pub(super) fn all(&self) -> Vec<KnownOrder> {
        self.open().orders.clone()
    }

    /// Keeps a request that may be sent again.
    pub(super) fn remember(&self, request: &Request) {
        self.open().repeatable.push(request.clone());
    }

    /// One time in three, a request of this way that was sent before, or is just being sent.
    pub(super) fn earlier(&self, rng: &mut Rng, fits: impl Fn(&Transport) -> bool) -> Option<Request> {
        let notes = self.open();
        let found: Vec<&Request> =
            notes.repeatable.iter().filter(|request| fits(&request.transport)).collect();
        if rng.below(3) > 0 {
            return None;
        }
        let from = newest(found.len(), rng);
        rng.pick(&found[from..]).map(|request| (*request).clone())
    }

    /// A reference that no other order uses.
    pub(super) fn next_reference(&self) -> String {
        let mut notes = self.open();
        notes.references += 1;
        format!("PO-{}", notes.references)
    }

    fn open(&self) -> MutexGuard<'_, Notes> {
        self.notes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The index where drawing begins: every other time only the newest.
fn newest(count: usize, rng: &mut Rng) -> usize {
    if rng.below(2) == 0 { count.saturating_sub(NEWEST) } else { 0 }
}
