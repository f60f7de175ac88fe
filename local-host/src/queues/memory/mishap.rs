//! What can befall a message on its way, for whoever tests what a worker makes of it.

use std::{
    collections::{BTreeMap, VecDeque},
    time::Duration,
};

/// Something that queues and the hosts around them do to messages, though rarely. It waits for the next message that
/// it can befall, and befalls that one alone.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Mishap {
    /// The next message is put twice, as when its sender did not see the first answer.
    Twice,
    /// The next message shows itself only after this time; those that are put meanwhile overtake it.
    Late(Duration),
    /// The next message never arrives although its sender goes on, as when the host dies with it in its hands.
    Lost,
    /// The lease of the next message that is received is over at once: somebody else can receive it while the first
    /// receiver still works on it.
    LeaseOver,
}

impl Mishap {
    fn befalls_a_put(self) -> bool {
        self != Self::LeaseOver
    }
}

/// The mishaps that wait, by queue.
#[derive(Debug, Default)]
pub(super) struct Mishaps(BTreeMap<String, VecDeque<Mishap>>);

impl Mishaps {
    pub(super) fn add(&mut self, queue: &str, mishap: Mishap) {
        self.0.entry(queue.to_owned()).or_default().push_back(mishap);
    }

    pub(super) fn clear(&mut self) {
        self.0.clear();
    }

    /// The mishap of a message that is put now.
    pub(super) fn of_put(&mut self, queue: &str) -> Option<Mishap> {
        self.take(queue, Mishap::befalls_a_put)
    }

    /// Whether the lease of a message that is received now is over at once.
    pub(super) fn of_receive(&mut self, queue: &str) -> bool {
        self.take(queue, |mishap| !mishap.befalls_a_put()).is_some()
    }

    fn take(&mut self, queue: &str, fits: impl Fn(Mishap) -> bool) -> Option<Mishap> {
        let waiting = self.0.get_mut(queue)?;
        let found = waiting.iter().position(|mishap| fits(*mishap))?;
        waiting.remove(found)
    }
}
