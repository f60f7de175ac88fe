//! Compares what was answered, what is kept and what was done.

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
struct Promise {
    name: &'static str,
    broken: fn(&Evidence) -> Vec<Finding>,
}

/// Promises that are named elsewhere too.
pub(super) mod promise {
    pub(crate) const KEPT: &str = "an acknowledged order is kept";
    pub(crate) const ONE_ORDER: &str = "every order was sent, by its owner and once";
    pub(crate) const ONE_EFFECT: &str = "one effect for one queueing";
    pub(crate) const HEALED: &str = "calls succeed within 10 s of the database's return";
    pub(crate) const ONE_ROW: &str = "one closed outbox row for one queueing";
}

const PROMISES: [Promise; 19] = [
    Promise { name: "every answer is one that its operation allows", broken: answers::unexpected },
    Promise { name: promise::KEPT, broken: answers::lost },
    Promise { name: "a history that was told stays as it is", broken: answers::retold },
    Promise { name: "an acknowledged change is history", broken: answers::forgotten },
    Promise { name: "an acknowledged body stays as it is", broken: answers::altered },
    Promise { name: "one version has one body", broken: answers::ambiguous },
    Promise { name: "no answer goes back behind an earlier one", broken: answers::backwards },
    Promise { name: promise::ONE_ORDER, broken: histories::unsent },
    Promise { name: "every history is a path of the state machine", broken: histories::astray },
    Promise { name: "a message becomes an order or a dead letter", broken: messages::dropped },
    Promise { name: "one order for one message id", broken: messages::multiplied },
    Promise { name: "a dead letter is replayed once", broken: messages::replayed },
    Promise { name: "a dead letter says why", broken: messages::untold },
    Promise { name: promise::HEALED, broken: effects::unhealed },
    Promise { name: "the app comes to rest once faults stop", broken: effects::restless },
    Promise { name: "a queued order ends once faults stop", broken: effects::waiting },
    Promise { name: promise::ONE_EFFECT, broken: effects::repeated },
    Promise { name: promise::ONE_ROW, broken: effects::unsettled },
    Promise { name: "the backend was asked for what was fulfilled", broken: effects::unasked },
];

impl Evidence {
    /// Every promise that the evidence shows broken.
    pub(super) fn violations(&self) -> Vec<Violation> {
        let broken = PROMISES.iter().flat_map(|promise| {
            let findings = (promise.broken)(self);
            findings.into_iter().map(|(order, found)| Violation { promise: promise.name, order, found })
        });
        broken.collect()
    }

    /// How many orders were placed before the run began or after it ended, in microseconds since 1970: by a wrong clock.
    pub(super) fn untimely(&self, began: i64, ended: i64) -> usize {
        let orders = self.record.orders.values();
        orders.filter(|kept| !(began..=ended).contains(&kept.row.created_at)).count()
    }
}
