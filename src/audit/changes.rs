//! What was changed, once it is committed.

use crate::{
    orders::{Action, ActorKind, DeadLetter, Order, OrderId, Owner, Product, Status},
    secret::SecretName,
    store::ExcessDeadLetter,
    telemetry::Event,
    vault::VaultError,
};

/// A caller changed an order; `order` is its new state.
pub fn order_changed(action: Action, order: &Order, actor: ActorKind) {
    log_order_change(action, order, actor, None);
}

/// A message had an order placed for an owner, whose identity was not verified.
pub fn order_ingested(order: &Order, owner: Owner) {
    log_order_change(Action::Place, order, ActorKind::System, Some(owner));
}

fn log_order_change(action: Action, order: &Order, actor: ActorKind, owner: Option<Owner>) {
    Event::OrderChanged {
        action: action.as_str(),
        order_id: order.id.uuid(),
        status: order.status.as_str(),
        version: Some(order.version),
        actor: actor.as_str(),
        owner_tenant_id: owner.map(|owner| owner.tenant),
        owner_object_id: owner.map(|owner| owner.object),
    }
    .log();
}

/// A queued order was fulfilled, rejected or failed.
pub fn queued_order_finished(action: Action, id: OrderId, status: Status) {
    Event::OrderChanged {
        action: action.as_str(),
        order_id: id.uuid(),
        status: status.as_str(),
        version: None,
        actor: ActorKind::System.as_str(),
        owner_tenant_id: None,
        owner_object_id: None,
    }
    .log();
}

/// A caller wrote the product table; `action` is `create` or `replace`.
pub fn product_changed(action: &'static str, product: &Product, actor: ActorKind) {
    Event::ProductChanged { action, sku: &product.sku, version: product.version, actor: actor.as_str() }
        .log();
}

/// A message is stored as this dead letter.
pub fn message_dead_lettered(letter: &DeadLetter) {
    Event::MessageDeadLettered {
        reason: letter.reason.as_str(),
        letter_id: letter.id,
        queue: &letter.queue,
        message_id: letter.message_id,
        order_id: letter.order_id.map(OrderId::uuid),
    }
    .log();
}

/// This dead letter is deleted, because it is too old or there are too many.
pub fn dead_letter_dropped(letter: &ExcessDeadLetter, is_old: bool) {
    Event::DeadLetterDropped {
        why: if is_old { "age" } else { "number" },
        reason: letter.reason.as_str(),
        letter_id: letter.id,
        queue: &letter.queue,
        message_id: letter.message_id,
        order_id: letter.order_id.map(OrderId::uuid),
    }
    .log();
}

/// A caller asked what a secret of the vault is. The secret's value is never logged.
pub fn secret_looked_up(name: &SecretName, refused: Option<&VaultError>, actor: ActorKind) {
    let outcome = match refused {
        None => "found",
        Some(VaultError::NotFound) => "missing",
        Some(VaultError::Forbidden) => "forbidden",
        Some(VaultError::NotValidNow | VaultError::Pkcs12 | VaultError::Unavailable { .. }) => "unavailable",
    };
    Event::SecretLookedUp { secret: name, outcome, actor: actor.as_str() }.log();
}

/// A caller had a dead letter's message sent again.
pub fn dead_letter_replayed(letter: &DeadLetter, actor: ActorKind) {
    let order_id = letter.order_id.map(OrderId::uuid);
    Event::DeadLetterReplayed { letter_id: letter.id, order_id, actor: actor.as_str() }.log();
}
