//! FulfilOrder: queue `orders-fulfilment`.

use super::{App, FULFILMENT_QUEUE};
use crate::{
    host::{Delivery, Retry},
    orders::{DeadLetter, FulfilmentMessage, Reason},
    store::Pending,
};

/// Gets the order carried out that a message points at. What can never succeed becomes a dead letter and is settled;
/// what may succeed later fails, and the host delivers it again.
///
/// # Errors
/// [`Retry`], when the store or the backend is away.
pub async fn fulfil_order(app: &App, delivery: Delivery) -> Result<(), Retry> {
    let stamp = app.stamp(&delivery.invocation);
    let Ok(message) = FulfilmentMessage::decode(&delivery.payload) else {
        let letter = DeadLetter::of(FULFILMENT_QUEUE, &delivery.payload, Reason::Malformed, delivery.dequeue_count, stamp.at);
        return Ok(app.store.record_dead_letter(&letter, stamp).await?);
    };
    match app.store.pending_order(&message, stamp).await? {
        Pending::Settled => {}
        Pending::Unknown => {
            let letter = DeadLetter::of(FULFILMENT_QUEUE, &delivery.payload, Reason::UnknownOrder, delivery.dequeue_count, stamp.at);
            app.store.record_dead_letter(&letter.about(&message), stamp).await?;
        }
        Pending::Order(order) => {
            let decision = app.backend.carry_out(&order);
            app.store.decide_order(&message, decision, app.stamp(&delivery.invocation)).await?;
        }
    }
    Ok(())
}
