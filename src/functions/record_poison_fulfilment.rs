//! `RecordPoisonFulfilment`: queue `orders-fulfilment-poison`.

use std::sync::Arc;

use azure_functions_handler::{Bytes, Invocation, InvocationFailed, QueueMessage, State};

use super::{app_state::AppState, names::FULFILMENT_QUEUE};
use crate::{
    orders::{DeadLetter, FulfilmentMessage, Reason},
    store::FulfilmentTarget,
};

/// Stores a message from the poison queue as a dead letter, and sets the order that it names to `failed`. While there
/// is no backend, an order that waits for one keeps waiting: its outbox row stays open, and the relay sends the row
/// later.
///
/// # Errors
/// [`InvocationFailed`], when the database is unavailable.
pub async fn record_poison_fulfilment(
    State(app): State<Arc<AppState>>,
    queue_message: QueueMessage<Bytes>,
    invocation: Invocation,
) -> Result<(), InvocationFailed> {
    let context = app.write_context(&invocation);
    let letter = DeadLetter::new(FULFILMENT_QUEUE, &queue_message.payload, Reason::Poison, context.at)
        .with_dequeue_count(queue_message.dequeue_count);
    let Ok(message) = FulfilmentMessage::decode(&queue_message.payload) else {
        return Ok(app.dead_letter(letter, None, context).await?);
    };
    let is_pending = async || {
        Ok::<_, InvocationFailed>(matches!(
            app.store.load_for_fulfilment(&message, context).await?,
            FulfilmentTarget::Queued(_)
        ))
    };
    if app.backend.is_none() && is_pending().await? {
        return Ok(());
    }
    Ok(app.dead_letter(letter.with_message(&message), Some(&message), context).await?)
}
