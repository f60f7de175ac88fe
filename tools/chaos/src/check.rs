//! Compares the answers, the stored data and the calls of the backend.

mod answers;
mod effects;
mod evidence;
mod histories;
mod messages;

#[cfg(test)]
mod tests;

use evidence::Finding;
pub(super) use evidence::{Evidence, Violation};

/// A promise, and what breaks it in the evidence.
struct Invariant {
    name: &'static str,
    broken: fn(&Evidence) -> Vec<Finding>,
}

/// Promises that are named elsewhere too.
pub(super) mod invariant {
    pub(crate) const KEPT: &str = "an acknowledged order is kept";
    pub(crate) const ONE_ORDER: &str = "every order was sent, by its owner and once";
    pub(crate) const ONE_EFFECT: &str = "one effect for one queueing";
    pub(crate) const RECOVERED: &str = "calls succeed within 10 s of the database's return";
    pub(crate) const ONE_ROW: &str = "one closed outbox row for one queueing";
}

const INVARIANTS: [Invariant; 19] = [
    Invariant {
        name: "every answer is one that its operation allows",
        broken: answers::unexpected_responses,
    },
    Invariant { name: invariant::KEPT, broken: answers::lost_orders },
    Invariant { name: "a history that was told stays as it is", broken: answers::contradicting_histories },
    Invariant { name: "an acknowledged change is history", broken: answers::unrecorded_changes },
    Invariant { name: "an acknowledged body stays as it is", broken: answers::altered_bodies },
    Invariant { name: "one version has one body", broken: answers::ambiguous_versions },
    Invariant { name: "no answer goes back behind an earlier one", broken: answers::stale_reads },
    Invariant { name: invariant::ONE_ORDER, broken: histories::unsent_orders },
    Invariant { name: "every history is a path of the state machine", broken: histories::invalid_histories },
    Invariant { name: "a message becomes an order or a dead letter", broken: messages::dropped_messages },
    Invariant { name: "one order for one message id", broken: messages::duplicate_orders },
    Invariant { name: "a dead letter is replayed once", broken: messages::replay_errors },
    Invariant { name: "a dead letter says why", broken: messages::wrong_dead_letters },
    Invariant { name: invariant::RECOVERED, broken: effects::slow_recoveries },
    Invariant { name: "the app comes to rest once faults stop", broken: effects::never_idle },
    Invariant { name: "a queued order ends once faults stop", broken: effects::stuck_orders },
    Invariant { name: invariant::ONE_EFFECT, broken: effects::repeated_effects },
    Invariant { name: invariant::ONE_ROW, broken: effects::open_outbox_rows },
    Invariant {
        name: "the backend was asked for what was fulfilled",
        broken: effects::unrequested_decisions,
    },
];

impl Evidence {
    /// Every promise that the evidence shows broken.
    pub(super) fn violations(&self) -> Vec<Violation> {
        let broken = INVARIANTS.iter().flat_map(|invariant| {
            let findings = (invariant.broken)(self);
            findings.into_iter().map(|(order, found)| Violation { invariant: invariant.name, order, found })
        });
        broken.collect()
    }

    /// How many orders were placed before the run began or after it ended, in microseconds since 1970: by a wrong clock.
    pub(super) fn misdated(&self, began: i64, ended: i64) -> usize {
        let orders = self.record.orders.values();
        orders.filter(|kept| !(began..=ended).contains(&kept.row.created_at)).count()
    }
}
