//! What clients do: a list to be added to.

mod messages;

use reqwest::Method;
use serde_json::{Value, json};

use super::{
    dice::Dice,
    pool::{Known, Pool},
};

pub(super) use messages::payload;

/// The products that are there before the first operation, with their prices.
pub(super) const PRODUCTS: [(&str, i64); 4] =
    [("BEANS", 1290), ("FILTER", 540), ("GRINDER", 8900), ("MUG", 1)];

/// People of `.local-host.json` who place orders.
pub(super) const BUYERS: [&str; 2] = ["buyer", "neighbour"];

/// People of `.local-host.json` who may hand orders to fulfilment.
const CLERKS: [&str; 2] = ["clerk", "warehouse"];

/// The queue that orders come in through.
pub(super) const INCOMING: &str = "orders-incoming";

/// The queue of what was processed: each of its messages is kept in the outbox too.
pub(super) const FULFILMENT: &str = "orders-fulfilment";

/// Before the id of a dead letter in its path.
const LETTERS: &str = "/api/dead-letters/";

/// One thing that clients do.
pub(super) struct Operation {
    /// Its name in the journal.
    pub(super) name: &'static str,
    /// How often it is drawn, of the sum of all.
    share: u64,
    /// The statuses that it allows beside those of a server in trouble.
    pub(super) expected: &'static [u16],
    /// How often a client tries it again when it was not told what became of it: what is safe to repeat.
    pub(super) again: u32,
    /// The request; none as long as there is no order to act on.
    request: fn(&mut Dice, &Pool) -> Option<Request>,
}

/// A request that an operation makes, or a message that it sends.
#[derive(Clone, Debug)]
pub(super) struct Request {
    pub(super) person: &'static str,
    pub(super) way: Way,
    /// Null for none.
    pub(super) body: Value,
    pub(super) reference: Option<String>,
    pub(super) order: Option<String>,
}

/// How a request travels.
#[derive(Clone, Debug)]
pub(super) enum Way {
    /// Over HTTP.
    Http { method: Method, path: String, headers: Vec<(&'static str, String)> },
    /// Through the queue of this name.
    Queue(&'static str),
}

/// Every operation.
pub(super) const ALL: [Operation; 15] = [
    Operation { name: "place", share: 20, expected: &[201], again: 0, request: place },
    Operation { name: "place once", share: 15, expected: &[201, 409], again: 25, request: place_once },
    Operation { name: "ingest", share: 10, expected: &[202], again: 0, request: messages::ingest },
    Operation { name: "process", share: 40, expected: &[202, 409], again: 0, request: process },
    Operation { name: "update", share: 15, expected: &[200, 409, 412], again: 0, request: update },
    Operation { name: "cancel", share: 5, expected: &[200, 409], again: 2, request: cancel },
    Operation { name: "read", share: 20, expected: &[200], again: 0, request: read },
    Operation { name: "read another's", share: 5, expected: &[404], again: 0, request: read_anothers },
    Operation { name: "history", share: 10, expected: &[200], again: 0, request: history },
    Operation { name: "list", share: 10, expected: &[200], again: 0, request: list },
    Operation { name: "reuse", share: 2, expected: &[202], again: 0, request: messages::reuse },
    Operation { name: "nonsense", share: 4, expected: &[202], again: 0, request: messages::nonsense },
    Operation { name: "point", share: 3, expected: &[202], again: 0, request: messages::point },
    Operation { name: "dead letters", share: 6, expected: &[200], again: 0, request: messages::list_letters },
    Operation { name: "replay", share: 12, expected: &[202, 409], again: 0, request: messages::replay },
];

/// The ones with which every order is looked at once more at the end.
pub(super) const LOOKS: [&Operation; 2] = [&ALL[6], &ALL[8]];

impl Request {
    /// The dead letter that it replays.
    pub(super) fn letter(&self) -> Option<&str> {
        let Way::Http { path, .. } = &self.way else { return None };
        path.strip_prefix(LETTERS)?.strip_suffix("/replay")
    }
}

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

fn place(dice: &mut Dice, pool: &Pool) -> Option<Request> {
    let reference = pool.next_reference();
    let person = *dice.pick(&BUYERS)?;
    let Value::Object(mut body) = contents(dice, &reference) else { return None };
    body.insert("currency".to_owned(), json!("EUR"));
    let way = http(Method::POST, "/api/orders".to_owned());
    Some(Request { person, way, body: Value::Object(body), reference: Some(reference), order: None })
}

/// Under a key of its own, or again under the key of an earlier request.
fn place_once(dice: &mut Dice, pool: &Pool) -> Option<Request> {
    if let Some(earlier) = pool.earlier(dice, |way| matches!(way, Way::Http { .. })) {
        return Some(earlier);
    }
    let mut request = place(dice, pool)?;
    if let Way::Http { headers, .. } = &mut request.way {
        headers
            .push(("idempotency-key", format!("key of {}", request.reference.as_deref()?).replace(' ', "-")));
    }
    pool.remember(&request);
    Some(request)
}

fn process(dice: &mut Dice, pool: &Pool) -> Option<Request> {
    let order = pool.draw(dice)?;
    let way = http(Method::POST, format!("/api/orders/{}/process", order.id));
    Some(Request { person: dice.pick(&CLERKS).copied()?, ..about(order, way) })
}

/// Names the version that was last seen, so that clients who meet at one order are told apart.
fn update(dice: &mut Dice, pool: &Pool) -> Option<Request> {
    let order = pool.draw(dice)?;
    let (method, path) = (Method::PUT, format!("/api/orders/{}", order.id));
    let way = Way::Http { method, path, headers: vec![("if-match", format!("\"{}\"", order.version))] };
    Some(Request { body: contents(dice, &order.reference), ..about(order, way) })
}

fn cancel(dice: &mut Dice, pool: &Pool) -> Option<Request> {
    let order = pool.draw(dice)?;
    let way = http(Method::POST, format!("/api/orders/{}/cancel", order.id));
    Some(about(order, way))
}

fn read(dice: &mut Dice, pool: &Pool) -> Option<Request> {
    pool.draw(dice).map(look)
}

fn read_anothers(dice: &mut Dice, pool: &Pool) -> Option<Request> {
    let order = pool.draw(dice)?;
    let person = BUYERS.into_iter().find(|buyer| *buyer != order.owner)?;
    Some(Request { person, ..look(order) })
}

fn history(dice: &mut Dice, pool: &Pool) -> Option<Request> {
    pool.draw(dice).map(look_back)
}

fn list(dice: &mut Dice, _: &Pool) -> Option<Request> {
    let way = http(Method::GET, format!("/api/orders?limit={}", dice.within(1, 20)));
    Some(Request { person: dice.pick(&BUYERS)?, way, body: Value::Null, reference: None, order: None })
}

fn contents(dice: &mut Dice, reference: &str) -> Value {
    let first = dice.below(PRODUCTS.len() as u64);
    let lines: Vec<Value> = (0..dice.within(1, 3))
        .filter_map(|next| PRODUCTS.get(usize::try_from((first + next) % PRODUCTS.len() as u64).ok()?))
        .map(|(sku, _)| json!({"sku": sku, "quantity": dice.within(1, 20)}))
        .collect();
    let note = (dice.below(2) == 0).then(|| format!("leave it at door {}", dice.below(100)));
    json!({"reference": reference, "lines": lines, "note": note})
}

pub(super) fn look(order: Known) -> Request {
    let way = http(Method::GET, format!("/api/orders/{}", order.id));
    about(order, way)
}

pub(super) fn look_back(order: Known) -> Request {
    let way = http(Method::GET, format!("/api/orders/{}/history", order.id));
    about(order, way)
}

fn about(order: Known, way: Way) -> Request {
    Request { person: order.owner, way, body: Value::Null, reference: None, order: Some(order.id) }
}

fn http(method: Method, path: String) -> Way {
    Way::Http { method, path, headers: Vec::new() }
}
