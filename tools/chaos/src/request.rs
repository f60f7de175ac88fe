//! Requests, the users who make them, and what they are about.

use reqwest::Method;
use serde_json::Value;

/// The products that are there before the first operation, with their prices.
pub(super) const PRODUCTS: [(&str, i64); 4] =
    [("BEANS", 1290), ("FILTER", 540), ("GRINDER", 8900), ("MUG", 1)];

/// Users of `functions-emulator.json` who place orders.
pub(super) const BUYERS: [&str; 2] = ["buyer", "neighbour"];

/// Users of `functions-emulator.json` who may hand orders to fulfilment.
pub(super) const CLERKS: [&str; 2] = ["clerk", "warehouse"];

/// The queue that orders come in through.
pub(super) const INCOMING: &str = "orders-incoming";

/// The queue of what was processed: each of its messages is kept in the outbox too.
pub(super) const FULFILMENT: &str = "orders-fulfilment";

/// Before the id of a dead letter in its path.
pub(super) const LETTERS: &str = "/api/dead-letters/";

/// The user of `functions-emulator.json` who puts products and replays dead letters.
pub(super) const ADMIN: &str = "admin";

/// A request that an operation makes, or a message that it sends.
#[derive(Clone, Debug)]
pub(super) struct Request {
    pub(super) person: &'static str,
    pub(super) transport: Transport,
    /// Null for none.
    pub(super) body: Value,
    pub(super) reference: Option<String>,
    pub(super) order: Option<String>,
}

/// How a request travels.
#[derive(Clone, Debug)]
pub(super) enum Transport {
    /// Over HTTP.
    Http { method: Method, path: String, headers: Vec<(&'static str, String)> },
    /// Through the queue of this name.
    Queue(&'static str),
}

impl Request {
    /// The dead letter that it replays.
    pub(super) fn letter(&self) -> Option<&str> {
        let Transport::Http { path, .. } = &self.transport else { return None };
        path.strip_prefix(LETTERS)?.strip_suffix("/replay")
    }
}
