//! `FulfilOrder`: queue `orders-fulfilment`.

use std::sync::Arc;

use azure_functions_handler::{Bytes, Invocation, InvocationFailed, QueueMessage, State};

use super::{app_state::AppState, names::FULFILMENT_QUEUE};
use crate::{
    audit,
    orders::{DeadLetter, FulfilmentMessage, Reason},
    store::FulfilmentTarget,
};

const NO_BACKEND: InvocationFailed = InvocationFailed::new(
    "there is no fulfilment backend, so the order waits: set ORDERS_FULFILMENT_URL and \
     ORDERS_FULFILMENT_CLIENT_CERTIFICATE, or AzureWebJobs_FulfilOrder_Disabled=true",
);

/// Asks the backend to fulfil the order that a message points at. A message that can never succeed becomes a dead
/// letter and completes; one that may succeed later fails, and the host delivers it again.
///
/// # Errors
/// [`InvocationFailed`], when the database or the backend is unavailable, or there is no backend.
pub async fn fulfil_order(
    State(app): State<Arc<AppState>>,
    queue_message: QueueMessage<Bytes>,
    mut invocation: Invocation,
) -> Result<(), InvocationFailed> {
    let Some(backend) = &app.backend else { return Err(NO_BACKEND) };
    let context = app.write_context(&invocation);
    let letter = |reason| {
        DeadLetter::new(FULFILMENT_QUEUE, &queue_message.payload, reason, context.at)
            .with_dequeue_count(queue_message.dequeue_count)
    };
    let message = match FulfilmentMessage::decode(&queue_message.payload) {
        Ok(message) => message,
        Err(fault) => return Ok(app.dead_letter(letter(fault.reason()), None, context).await?),
    };
    if let Some(sender) = &message.traceparent {
        invocation.continue_trace(sender);
    }
    match app.store.load_for_fulfilment(&message, context).await? {
        FulfilmentTarget::NotQueued => {}
        FulfilmentTarget::NotFound => {
            let letter = letter(Reason::UnknownOrder).with_message(&message);
            app.dead_letter(letter, None, context).await?;
        }
        FulfilmentTarget::IdReused => {
            let letter = letter(Reason::Reused).with_message(&message);
            app.dead_letter(letter, None, context).await?;
        }
        FulfilmentTarget::Queued(order) => {
            let decision = backend.submit(&order, Some(&invocation.client_trace()), context.at).await?;
            if app.store.record_decision(&message, decision, app.write_context(&invocation)).await? {
                let (action, status) = decision.transition();
                audit::queued_order_finished(action, message.order_id, status);
            }
        }
    }
    Ok(())
}
