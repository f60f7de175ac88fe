//! How queued orders end.

use uuid::Uuid;

use crate::{
    orders::{FulfilmentMessage, OrderId, Status},
    store::{Change, Decision, FulfilmentTarget, Store},
};

use super::{MUCH_LATER, at, due, letter, look, placed, queued, stock, write_context};

store_contract!(
    a_queued_order_waits_to_be_fulfilled,
    a_message_for_no_order_is_unknown,
    a_decision_ends_the_wait_and_the_relay_sends_nothing,
    a_second_delivery_changes_nothing,
    a_message_for_an_unqueued_order_has_no_effect,
    a_decision_on_an_unqueued_order_changes_nothing,
    a_message_received_once_never_decides_again,
    a_message_with_a_reused_id_changes_nothing,
);

/// A message that points at the order, but is not the one of its outbox row.
fn another(id: OrderId) -> FulfilmentMessage {
    FulfilmentMessage { message_id: Uuid::from_u128(0xbee), order_id: id, traceparent: None }
}

async fn a_queued_order_waits_to_be_fulfilled(store: &dyn Store) {
    stock(store).await;
    let (id, message) = queued(store, 1).await;
    let FulfilmentTarget::Queued(order) =
        store.load_for_fulfilment(&message, write_context(2)).await.unwrap()
    else {
        panic!("no order")
    };
    assert_eq!(order, look(store, id).await);
    assert_eq!(due(store, MUCH_LATER).await.len(), 1);
}

async fn a_message_for_no_order_is_unknown(store: &dyn Store) {
    let message = another(OrderId::new(at(1)));
    assert!(matches!(
        store.load_for_fulfilment(&message, write_context(2)).await.unwrap(),
        FulfilmentTarget::NotFound
    ));
}

async fn a_decision_ends_the_wait_and_the_relay_sends_nothing(store: &dyn Store) {
    stock(store).await;
    for (seconds, decision, status) in
        [(1, Decision::Fulfilled, Status::Fulfilled), (2, Decision::Rejected, Status::Rejected)]
    {
        let (id, message) = queued(store, seconds).await;
        assert!(store.record_decision(&message, decision, write_context(5)).await.unwrap());
        let order = look(store, id).await;
        assert_eq!((order.status, order.version, order.updated_at), (status, 3, at(5)));
    }
    assert!(due(store, MUCH_LATER).await.is_empty());
}

async fn a_second_delivery_changes_nothing(store: &dyn Store) {
    stock(store).await;
    let (id, message) = queued(store, 1).await;
    store.record_decision(&message, Decision::Fulfilled, write_context(5)).await.unwrap();
    let decided = look(store, id).await;
    assert!(matches!(
        store.load_for_fulfilment(&message, write_context(6)).await.unwrap(),
        FulfilmentTarget::NotQueued
    ));
    assert!(!store.record_decision(&message, Decision::Rejected, write_context(7)).await.unwrap());
    assert_eq!(look(store, id).await, decided);
}

async fn a_message_for_an_unqueued_order_has_no_effect(store: &dyn Store) {
    stock(store).await;
    let (id, message) = queued(store, 1).await;
    store.record_decision(&another(id), Decision::Fulfilled, write_context(5)).await.unwrap();
    assert_eq!(due(store, 1 + 120).await, [message.encode()]);
    assert!(matches!(
        store.load_for_fulfilment(&message, write_context(6)).await.unwrap(),
        FulfilmentTarget::NotQueued
    ));
    assert!(due(store, MUCH_LATER).await.is_empty());
    assert_eq!(look(store, id).await.version, 3);
}

async fn a_decision_on_an_unqueued_order_changes_nothing(store: &dyn Store) {
    stock(store).await;
    let (failed, message) = queued(store, 1).await;
    store.record_dead_letter(&letter(&message.encode(), 2), Some(&message), write_context(2)).await.unwrap();
    let placed = placed(store, 3).await;
    for (id, message) in [(failed, message), (placed.id, another(placed.id))] {
        let before = look(store, id).await;
        store.record_decision(&message, Decision::Fulfilled, write_context(5)).await.unwrap();
        assert_eq!(look(store, id).await, before);
    }
}

async fn a_message_received_once_never_decides_again(store: &dyn Store) {
    stock(store).await;
    let id = placed(store, 1).await.id;
    assert!(matches!(
        store.load_for_fulfilment(&another(id), write_context(2)).await.unwrap(),
        FulfilmentTarget::NotQueued
    ));
    assert!(matches!(super::queue(store, id, 3).await, Ok(Change::Done(_))));
    store.record_decision(&another(id), Decision::Rejected, write_context(4)).await.unwrap();
    assert_eq!(look(store, id).await.status, Status::Queued);
    assert_eq!(due(store, MUCH_LATER).await.len(), 1);
}

async fn a_message_with_a_reused_id_changes_nothing(store: &dyn Store) {
    stock(store).await;
    let (_, genuine) = queued(store, 1).await;
    let (other, _) = queued(store, 2).await;
    let forged = FulfilmentMessage { order_id: other, ..genuine.clone() };
    assert!(matches!(
        store.load_for_fulfilment(&forged, write_context(3)).await.unwrap(),
        FulfilmentTarget::IdReused
    ));
    assert!(matches!(
        store.load_for_fulfilment(&genuine, write_context(4)).await.unwrap(),
        FulfilmentTarget::Queued(_)
    ));
    store.record_decision(&genuine, Decision::Fulfilled, write_context(5)).await.unwrap();
    assert!(matches!(
        store.load_for_fulfilment(&genuine, write_context(6)).await.unwrap(),
        FulfilmentTarget::NotQueued
    ));
}
