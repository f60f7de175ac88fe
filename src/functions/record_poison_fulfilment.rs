//! `RecordPoisonFulfilment`: queue `orders-fulfilment-poison`.

use super::{App, FULFILMENT_QUEUE};
use crate::{
    host::{Delivery, Retry},
    orders::{DeadLetter, FulfilmentMessage, Reason},
};

/// Keeps a message that the host gave up on as a dead letter; the order that it points at has failed.
///
/// # Errors
/// [`Retry`], when the store is away.
pub async fn record_poison_fulfilment(app: &App, delivery: Delivery) -> Result<(), Retry> {
    let stamp = app.stamp(&delivery.invocation);
    let letter = DeadLetter::new(FULFILMENT_QUEUE, &delivery.payload, Reason::Poison, stamp.at)
        .delivered(delivery.dequeue_count);
    match FulfilmentMessage::decode(&delivery.payload) {
        Ok(message) => app.give_up(letter.about(&message), Some(&message), stamp).await?,
        Err(_) => app.give_up(letter, None, stamp).await?,
    }
    Ok(())
}
