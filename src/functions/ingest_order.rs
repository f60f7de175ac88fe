//! `IngestOrder`: queue `orders-incoming`.

use super::{App, INCOMING_QUEUE};
use crate::{
    audit,
    host::{Delivery, Retry},
    orders::{DeadLetter, OrderId, Reason},
    store::Ingested,
    validation,
};

const NO_TENANT: Retry =
    Retry("ORDERS_ENTRA_TENANT_ID is not set: set it to the tenant whose people queued orders may name");

/// Keeps the order that a message asks for, once for a message id. What can never succeed becomes a dead letter and is
/// settled.
///
/// # Errors
/// [`Retry`], when the store is away, or no tenant is set whose people messages may name.
pub async fn ingest_order(app: &App, delivery: Delivery) -> Result<(), Retry> {
    let tenant = app.tenant.ok_or(NO_TENANT)?;
    let stamp = app.stamp(&delivery.invocation);
    let (reason, message_id) = match validation::incoming(&delivery.payload) {
        Err(unusable) => (unusable.reason, unusable.message_id),
        Ok(message) if message.owner.tenant != tenant => (Reason::OtherTenant, Some(message.message_id)),
        Ok(message) => match app.store.ingest_order(&message, OrderId::new(stamp.at), stamp).await? {
            Ingested::Placed(order) => {
                audit::order_ingested(&order, message.owner);
                return Ok(());
            }
            Ingested::Already => return Ok(()),
            Ingested::Reused => (Reason::Reused, Some(message.message_id)),
            Ingested::Refused => (Reason::Invalid, Some(message.message_id)),
        },
    };
    let letter = DeadLetter::new(INCOMING_QUEUE, &delivery.payload, reason, stamp.at)
        .named(message_id)
        .delivered(delivery.dequeue_count);
    Ok(app.give_up(letter, None, stamp).await?)
}
