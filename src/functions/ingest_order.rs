//! `IngestOrder`: queue `orders-incoming`.

use std::sync::Arc;

use azure_functions_handler::{Bytes, Invocation, InvocationFailed, QueueMessage, State};

use super::{app_state::AppState, names::INCOMING_QUEUE};
use crate::{
    audit,
    orders::{DeadLetter, OrderId, Reason},
    store::{Change, WriteError},
    validation,
};

const NO_TENANT: InvocationFailed = InvocationFailed::new(
    "ORDERS_ENTRA_TENANT_ID is not set: set it to the tenant whose people queued orders may name",
);

/// Stores the order that a message asks for, once for each message id. A message that can never succeed becomes a dead
/// letter and completes.
///
/// # Errors
/// [`InvocationFailed`], when the database is unavailable, or no tenant is set for the owners that messages name.
pub async fn ingest_order(
    State(app): State<Arc<AppState>>,
    queue_message: QueueMessage<Bytes>,
    invocation: Invocation,
) -> Result<(), InvocationFailed> {
    let tenant = app.tenant.ok_or(NO_TENANT)?;
    let context = app.write_context(&invocation);
    let (reason, message_id) = match validation::parse_incoming_order(&queue_message.payload) {
        Err(invalid) => (invalid.reason, invalid.message_id),
        Ok(message) if message.owner.tenant != tenant => (Reason::OtherTenant, Some(message.message_id)),
        Ok(message) => match app.store.ingest_order(&message, OrderId::new(context.at), context).await {
            Ok(Change::Done(order)) => {
                audit::order_ingested(&order, message.owner);
                return Ok(());
            }
            Ok(Change::Unchanged(())) => return Ok(()),
            Err(WriteError::KeyReused) => (Reason::Reused, Some(message.message_id)),
            Err(WriteError::InvalidLines(_)) => (Reason::Invalid, Some(message.message_id)),
            Err(error) => return Err(error.into()),
        },
    };
    let letter = DeadLetter::new(INCOMING_QUEUE, &queue_message.payload, reason, context.at)
        .with_message_id(message_id)
        .with_dequeue_count(queue_message.dequeue_count);
    Ok(app.dead_letter(letter, None, context).await?)
}
