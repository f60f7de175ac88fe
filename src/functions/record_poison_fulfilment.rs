//! `RecordPoisonFulfilment`: queue `orders-fulfilment-poison`.

use std::sync::Arc;

use azure_functions_handler::{Bytes, Invocation, InvocationFailed, QueueMessage, State};

use super::{app::App, names::FULFILMENT_QUEUE};
use crate::{
    orders::{DeadLetter, FulfilmentMessage, Reason},
    store::FulfilmentTarget,
};

/// Keeps a message that the host gave up on as a dead letter; the order that it points at has failed. While there is no
/// backend, an order that waits for one goes on waiting: its outbox row stays open, and the relay sends that later.
///
/// # Errors
/// [`InvocationFailed`], when the store is away.
pub async fn record_poison_fulfilment(
    State(app): State<Arc<App>>,
    delivered: QueueMessage<Bytes>,
    invocation: Invocation,
) -> Result<(), InvocationFailed> {
    let stamp = app.stamp(&invocation);
    let letter = DeadLetter::new(FULFILMENT_QUEUE, &delivered.payload, Reason::Poison, stamp.at)
        .with_dequeue_count(delivered.dequeue_count);
    let Ok(message) = FulfilmentMessage::decode(&delivered.payload) else {
        return Ok(app.give_up(letter, None, stamp).await?);
    };
    let waits = async || {
        Ok::<_, InvocationFailed>(matches!(
            app.store.load_for_fulfilment(&message, stamp).await?,
            FulfilmentTarget::Queued(_)
        ))
    };
    if app.backend.is_none() && waits().await? {
        return Ok(());
    }
    Ok(app.give_up(letter.with_message(&message), Some(&message), stamp).await?)
}
