//! `RecordPoisonIncoming`: queue `orders-incoming-poison`.

use super::{App, INCOMING_QUEUE};
use crate::{
    host::{Delivery, Retry},
    orders::{DeadLetter, Reason},
    validation,
};

/// Keeps a message that the host gave up on as a dead letter.
///
/// # Errors
/// [`Retry`], when the store is away.
pub async fn record_poison_incoming(app: &App, delivery: Delivery) -> Result<(), Retry> {
    let stamp = app.stamp(&delivery.invocation);
    let message_id = match validation::incoming(&delivery.payload) {
        Ok(message) => Some(message.message_id),
        Err(unusable) => unusable.message_id,
    };
    let letter = DeadLetter::new(INCOMING_QUEUE, &delivery.payload, Reason::Poison, stamp.at)
        .named(message_id)
        .delivered(delivery.dequeue_count);
    Ok(app.give_up(letter, None, stamp).await?)
}
