//! What can happen to a message on its way, for tests of what a worker makes of it.

use std::{
    collections::{BTreeMap, VecDeque},
    time::Duration,
};

/// Something that queues and the hosts around them do to messages, though rarely. It waits for the next message that
/// it applies to, and reaches that one alone.
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
    /// The next message that is received counts as received more often than any host allows, so this one gives it up.
    GivenUp,
}

/// How often a message was received that is given up: no host is told to allow more.
pub(super) const TOO_OFTEN: u32 = i32::MAX.cast_unsigned();

impl Mishap {
    fn applies_to_a_put(self) -> bool {
        !matches!(self, Self::LeaseOver | Self::GivenUp)
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
        self.take(queue, Mishap::applies_to_a_put)
    }

    /// The mishap of a message that is received now.
    pub(super) fn of_receive(&mut self, queue: &str) -> Option<Mishap> {
        self.take(queue, |mishap| !mishap.applies_to_a_put())
    }

    fn take(&mut self, queue: &str, fits: impl Fn(Mishap) -> bool) -> Option<Mishap> {
        let waiting = self.0.get_mut(queue)?;
        let found = waiting.iter().position(|mishap| fits(*mishap))?;
        waiting.remove(found)
    }
}
