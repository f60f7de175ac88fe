//! `RelayOutbox`: every minute.

use bytes::Bytes;

use super::{App, FULFILMENT_OUTPUT, INCOMING_OUTPUT};
use crate::{
    host::{Output, Retry, Tick},
    orders::{DeadLetter, FulfilmentMessage, Reason},
    store::{DueMessage, Stamp},
    validation,
};

/// The most messages of one tick (contract §4).
const AT_MOST: u32 = 500;

/// Sends the messages again that nobody has acknowledged in time. What its reader could not read does not leave: a
/// replayed message that is as broken as it was becomes a dead letter once more.
///
/// # Errors
/// [`Retry`], when the store is away.
pub async fn relay_outbox(app: &App, tick: Tick) -> Result<Vec<Output>, Retry> {
    let stamp = app.stamp(&tick.invocation);
    let due = app.store.take_due_messages(stamp.at, app.outbox_deadline, AT_MOST).await?;
    let mut outputs =
        [FULFILMENT_OUTPUT, INCOMING_OUTPUT].map(|(binding, _)| Output { binding, messages: Vec::new() });
    for message in due {
        if let Some(letter) = unreadable(&message, stamp) {
            app.store.record_dead_letter(&letter, None, stamp).await?;
        } else if let Some(output) = outputs.iter_mut().find(|output| output.binding == message.binding) {
            output.messages.push(Bytes::from(message.payload));
        }
    }
    Ok(outputs.into())
}

/// The dead letter that its reader would make of a message.
fn unreadable(message: &DueMessage, stamp: Stamp) -> Option<DeadLetter> {
    let (queue, reason, message_id): (_, Reason, _) = if message.binding == FULFILMENT_OUTPUT.0 {
        (FULFILMENT_OUTPUT.1, FulfilmentMessage::decode(&message.payload).err()?.reason(), None)
    } else {
        let unusable = validation::incoming(&message.payload).err()?;
        (INCOMING_OUTPUT.1, unusable.reason, unusable.message_id)
    };
    Some(DeadLetter::new(queue, &message.payload, reason, stamp.at).named(message_id))
}
