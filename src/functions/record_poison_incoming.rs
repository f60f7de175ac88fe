//! `RecordPoisonIncoming`: queue `orders-incoming-poison`.

use std::sync::Arc;

use azure_functions_handler::{Bytes, Invocation, InvocationFailed, QueueMessage, State};

use super::{app_state::AppState, names::INCOMING_QUEUE};
use crate::{
    orders::{DeadLetter, Reason},
    validation,
};

/// Stores a message from the poison queue as a dead letter.
///
/// # Errors
/// [`InvocationFailed`], when the database is unavailable.
pub async fn record_poison_incoming(
    State(app): State<Arc<AppState>>,
    queue_message: QueueMessage<Bytes>,
    invocation: Invocation,
) -> Result<(), InvocationFailed> {
    let context = app.write_context(&invocation);
    let message_id = match validation::parse_incoming_order(&queue_message.payload) {
        Ok(message) => Some(message.message_id),
        Err(invalid) => invalid.message_id,
    };
    let letter = DeadLetter::new(INCOMING_QUEUE, &queue_message.payload, Reason::Poison, context.at)
        .with_message_id(message_id)
        .with_dequeue_count(queue_message.dequeue_count);
    Ok(app.dead_letter(letter, None, context).await?)
}
