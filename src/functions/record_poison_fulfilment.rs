//! `RecordPoisonFulfilment`: queue `orders-fulfilment-poison`.

use super::{App, FULFILMENT_QUEUE};
use crate::{
    host::{Delivery, Retry},
    orders::{DeadLetter, FulfilmentMessage, Reason},
    store::Pending,
};

/// Keeps a message that the host gave up on as a dead letter; the order that it points at has failed. While there is no
/// backend, an order that waits for one goes on waiting: its outbox row stays open, and the relay sends that later.
///
/// # Errors
/// [`Retry`], when the store is away.
pub async fn record_poison_fulfilment(app: &App, delivery: Delivery) -> Result<(), Retry> {
    let stamp = app.stamp(&delivery.invocation);
    let letter = DeadLetter::new(FULFILMENT_QUEUE, &delivery.payload, Reason::Poison, stamp.at)
        .delivered(delivery.dequeue_count);
    let Ok(message) = FulfilmentMessage::decode(&delivery.payload) else {
        return Ok(app.give_up(letter, None, stamp).await?);
    };
    let waits =
        async || Ok::<_, Retry>(matches!(app.store.pending_order(&message, stamp).await?, Pending::Order(_)));
    if app.backend.is_none() && waits().await? {
        return Ok(());
    }
    Ok(app.give_up(letter.about(&message), Some(&message), stamp).await?)
}
