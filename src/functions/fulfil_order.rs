//! `FulfilOrder`: queue `orders-fulfilment`.

use super::{App, FULFILMENT_QUEUE};
use crate::{
    audit,
    host::{Delivery, PARENT_SPAN_ID, Retry},
    orders::{DeadLetter, FulfilmentMessage, Reason},
    store::Pending,
};

const NO_BACKEND: Retry = Retry(
    "there is no fulfilment backend, so the order waits: set ORDERS_FULFILMENT_URL and \
     ORDERS_FULFILMENT_CLIENT_CERTIFICATE, or AzureWebJobs_FulfilOrder_Disabled=true",
);

/// Gets the order carried out that a message points at. What can never succeed becomes a dead letter and is settled;
/// what may succeed later fails, and the host delivers it again.
///
/// # Errors
/// [`Retry`], when the store or the backend is away, or there is no backend.
pub async fn fulfil_order(app: &App, delivery: Delivery) -> Result<(), Retry> {
    let Some(backend) = &app.backend else { return Err(NO_BACKEND) };
    let stamp = app.stamp(&delivery.invocation);
    let letter = |reason| {
        DeadLetter::new(FULFILMENT_QUEUE, &delivery.payload, reason, stamp.at)
            .delivered(delivery.dequeue_count)
    };
    let message = match FulfilmentMessage::decode(&delivery.payload) {
        Ok(message) => message,
        Err(fault) => return Ok(app.give_up(letter(fault.reason()), None, stamp).await?),
    };
    if let Some(trace) = &message.traceparent {
        // The host's trace begins at the queue; the request that queued the order is further back.
        let span = tracing::Span::current();
        span.record("trace_id", trace.trace_id());
        span.record(PARENT_SPAN_ID, trace.span_id());
    }
    match app.store.pending_order(&message, stamp).await? {
        Pending::Settled => {}
        Pending::Unknown => {
            let letter = letter(Reason::UnknownOrder).about(&message);
            app.give_up(letter, None, stamp).await?;
        }
        Pending::Reused => {
            let letter = letter(Reason::Reused).about(&message);
            app.give_up(letter, None, stamp).await?;
        }
        Pending::Order(order) => {
            let ours = delivery.invocation.traceparent.parse().ok();
            let trace = message.traceparent.as_ref().or(ours.as_ref());
            let decision = backend.carry_out(&order, trace, stamp.at).await?;
            if app.store.decide_order(&message, decision, app.stamp(&delivery.invocation)).await? {
                let (action, status) = decision.change();
                audit::order_settled(action, message.order_id, status);
            }
        }
    }
    Ok(())
}
