//! The outbox row that replays a dead letter.

use uuid::Uuid;

use crate::orders::{DeadLetter, Digest, FulfilmentMessage, OrderId};

use super::{
    StoreError, WriteContext,
    bindings::{FULFILMENT, INCOMING},
};

/// The queues whose messages can be dead-lettered, each with the output binding that leads back to it.
const QUEUES: [(&str, &str); 2] = [("orders-fulfilment", FULFILMENT), ("orders-incoming", INCOMING)];

/// The output binding that writes to a queue; `None` if no binding does.
pub(super) fn binding_for_queue(queue: &str) -> Option<&'static str> {
    QUEUES.iter().find(|(known, _)| *known == queue).map(|(_, binding)| *binding)
}

/// A row of the outbox that sends a dead letter's message again.
pub(super) struct Replay {
    /// Names the row.
    pub(super) id: Uuid,
    /// The output binding of the message.
    pub(super) binding: &'static str,
    /// What goes.
    pub(super) payload: Vec<u8>,
    /// The digest of the payload, by which the row is closed.
    pub(super) digest: Digest,
    /// The order that is queued again, if it has failed.
    pub(super) order: Option<OrderId>,
}

impl Replay {
    /// The row for a dead letter that is replayed now.
    pub(super) fn new(letter: &DeadLetter, context: WriteContext) -> Result<Self, StoreError> {
        let fault = StoreError::Inconsistent { table: "dead_letters", column: "queue" };
        let binding = binding_for_queue(&letter.queue).ok_or(fault)?;
        if binding == FULFILMENT
            && let Ok(old) = FulfilmentMessage::decode(&letter.payload)
        {
            let message = FulfilmentMessage::new(old.order_id, old.traceparent, context.at);
            let (id, order, payload) = (message.message_id, Some(message.order_id), message.encode());
            // If the order does not exist, the message never reaches the inbox: its new dead letter closes the row.
            let digest = Digest::of(&payload);
            return Ok(Self { id, binding, payload, digest, order });
        }
        let (payload, digest) = (letter.payload.clone(), letter.digest());
        Ok(Self { id: letter.id, binding, payload, digest, order: None })
    }
}
