//! `RecordPoisonIncoming`: queue `orders-incoming-poison`.

use std::sync::Arc;

use azure_functions_handler::{Bytes, Invocation, InvocationFailed, QueueMessage, State};

use super::{app::App, names::INCOMING_QUEUE};
use crate::{
    orders::{DeadLetter, Reason},
    validation,
};

/// Keeps a message that the host gave up on as a dead letter.
///
/// # Errors
/// [`InvocationFailed`], when the store is away.
pub async fn record_poison_incoming(
    State(app): State<Arc<App>>,
    delivered: QueueMessage<Bytes>,
    invocation: Invocation,
) -> Result<(), InvocationFailed> {
    let stamp = app.stamp(&invocation);
    let message_id = match validation::incoming(&delivered.payload) {
        Ok(message) => Some(message.message_id),
        Err(unusable) => unusable.message_id,
    };
    let letter = DeadLetter::new(INCOMING_QUEUE, &delivered.payload, Reason::Poison, stamp.at)
        .with_message_id(message_id)
        .with_dequeue_count(delivered.dequeue_count);
    Ok(app.give_up(letter, None, stamp).await?)
}
