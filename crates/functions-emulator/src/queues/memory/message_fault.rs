//! What can happen to a message on its way, for tests of what a worker makes of it.

use std::{
    collections::{BTreeMap, VecDeque},
    time::Duration,
};

/// Something that queues and the hosts around them do to messages, though rarely. It waits for the next message that
/// it applies to, and reaches that one alone.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum MessageFault {
    /// The next message is put twice, as when its sender did not see the first answer.
    Duplicated,
    /// The next message shows itself only after this time; those that are put meanwhile overtake it.
    Delayed(Duration),
    /// The next message never arrives although its sender goes on, as when the host dies with it in its hands.
    Lost,
    /// The lease of the next message that is received is over at once: somebody else can receive it while the first
    /// receiver still works on it.
    LeaseExpired,
    /// The next message that is received counts as received more often than any host allows, so this one gives it up.
    Poisoned,
}

/// The dequeue count of a message that goes to the poison queue: no host may be configured to allow more.
pub(super) const POISON_DEQUEUE_COUNT: u32 = i32::MAX.cast_unsigned();

impl MessageFault {
    fn applies_to_a_put(self) -> bool {
        !matches!(self, Self::LeaseExpired | Self::Poisoned)
    }
}

/// The faults that wait, by queue.
#[derive(Debug, Default)]
pub(super) struct PendingFaults(BTreeMap<String, VecDeque<MessageFault>>);

impl PendingFaults {
    pub(super) fn add(&mut self, queue: &str, fault: MessageFault) {
        self.0.entry(queue.to_owned()).or_default().push_back(fault);
    }

    pub(super) fn clear(&mut self) {
        self.0.clear();
    }

    /// The fault of a message that is put now.
    pub(super) fn take_for_put(&mut self, queue: &str) -> Option<MessageFault> {
        self.take(queue, MessageFault::applies_to_a_put)
    }

    /// The fault of a message that is received now.
    pub(super) fn take_for_receive(&mut self, queue: &str) -> Option<MessageFault> {
        self.take(queue, |fault| !fault.applies_to_a_put())
    }

    fn take(&mut self, queue: &str, fits: impl Fn(MessageFault) -> bool) -> Option<MessageFault> {
        let waiting = self.0.get_mut(queue)?;
        let found = waiting.iter().position(|fault| fits(*fault))?;
        waiting.remove(found)
    }
}
