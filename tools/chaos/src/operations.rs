//! What clients do: a list to be added to.

mod messages;
mod orders;

use super::{known_orders::KnownOrders, request::Request, rng::Rng};

pub(super) use messages::payload;
pub(super) use orders::{read_history, read_order};

/// One thing that clients do.
pub(super) struct Operation {
    /// Its name in the journal.
    pub(super) name: &'static str,
    /// How often it is drawn, of the sum of all.
    share: u64,
    /// The statuses that it allows beside those of a server in trouble.
    pub(super) expected: &'static [u16],
    /// How often a client tries it again when it got no answer: operations that are safe to repeat.
    pub(super) again: u32,
    /// The request; none as long as there is no order to act on.
    request: fn(&mut Rng, &KnownOrders) -> Option<Request>,
}

/// Every operation.
pub(super) const ALL: [Operation; 15] = [
    Operation { name: "place", share: 20, expected: &[201], again: 0, request: orders::place },
    Operation {
        name: "place once",
        share: 15,
        expected: &[201, 409],
        again: 25,
        request: orders::place_once,
    },
    Operation { name: "ingest", share: 10, expected: &[202], again: 0, request: messages::ingest },
    Operation { name: "process", share: 40, expected: &[202, 409], again: 0, request: orders::process },
    Operation { name: "update", share: 15, expected: &[200, 409, 412], again: 0, request: orders::update },
    Operation { name: "cancel", share: 5, expected: &[200, 409], again: 2, request: orders::cancel },
    Operation { name: "read", share: 20, expected: &[200], again: 0, request: orders::read },
    Operation {
        name: "read another's",
        share: 5,
        expected: &[404],
        again: 0,
        request: orders::read_anothers,
    },
    Operation { name: "history", share: 10, expected: &[200], again: 0, request: orders::history },
    Operation { name: "list", share: 10, expected: &[200], again: 0, request: orders::list },
    Operation { name: "reuse", share: 2, expected: &[202], again: 0, request: messages::reuse },
    Operation { name: "nonsense", share: 4, expected: &[202], again: 0, request: messages::nonsense },
    Operation { name: "point", share: 3, expected: &[202], again: 0, request: messages::point },
    Operation { name: "dead letters", share: 6, expected: &[200], again: 0, request: messages::list_letters },
    Operation { name: "replay", share: 12, expected: &[202, 409], again: 0, request: messages::replay },
];

/// The ones with which every order is looked at once more at the end.
pub(super) const READS: [&Operation; 2] = [&ALL[6], &ALL[8]];

impl Operation {
    /// Draws an operation that has something to act on, and its request.
    pub(super) fn draw(rng: &mut Rng, pool: &KnownOrders) -> (&'static Self, Request) {
        loop {
            let mut ticket = rng.below(ALL.iter().map(|operation| operation.share).sum());
            for operation in &ALL {
                if ticket < operation.share {
                    if let Some(request) = (operation.request)(rng, pool) {
                        return (operation, request);
                    }
                    break;
                }
                ticket -= operation.share;
            }
        }
    }
}
