//! What becomes of queued orders.

use uuid::Uuid;

use crate::{
    orders::{FulfilmentMessage, OrderId, Status},
    store::{Change, Decision, Pending, Store},
};

use super::{MUCH_LATER, at, due, letter, look, placed, queued, stamp, stock};

store_contract!(
    a_queued_order_waits_to_be_fulfilled,
    a_message_for_no_order_is_unknown,
    a_decision_ends_the_wait_and_the_relay_sends_nothing,
    a_second_delivery_changes_nothing,
    a_message_for_an_order_in_another_state_is_settled_without_effect,
    a_decision_on_an_order_in_another_state_changes_nothing,
    a_message_received_once_never_decides_again,
    a_message_under_anothers_id_changes_nothing_and_takes_nothing_away,
);

/// A message that points at the order, but is not the one of its outbox row.
fn another(id: OrderId) -> FulfilmentMessage {
    FulfilmentMessage { message_id: Uuid::from_u128(0xbee), order_id: id, traceparent: None }
}

async fn a_queued_order_waits_to_be_fulfilled(store: &dyn Store) {
    stock(store).await;
    let (id, message) = queued(store, 1).await;
    let Pending::Order(order) = store.pending_order(&message, stamp(2)).await.unwrap() else {
        panic!("no order")
    };
    assert_eq!(order, look(store, id).await);
    assert_eq!(due(store, MUCH_LATER).await.len(), 1);
}

async fn a_message_for_no_order_is_unknown(store: &dyn Store) {
    let message = another(OrderId::new(at(1)));
    assert!(matches!(store.pending_order(&message, stamp(2)).await.unwrap(), Pending::Unknown));
}

async fn a_decision_ends_the_wait_and_the_relay_sends_nothing(store: &dyn Store) {
    stock(store).await;
    for (seconds, decision, status) in
        [(1, Decision::Fulfilled, Status::Fulfilled), (2, Decision::Rejected, Status::Rejected)]
    {
        let (id, message) = queued(store, seconds).await;
        assert!(store.decide_order(&message, decision, stamp(5)).await.unwrap());
        let order = look(store, id).await;
        assert_eq!((order.status, order.version, order.updated_at), (status, 3, at(5)));
    }
    assert!(due(store, MUCH_LATER).await.is_empty());
}

async fn a_second_delivery_changes_nothing(store: &dyn Store) {
    stock(store).await;
    let (id, message) = queued(store, 1).await;
    store.decide_order(&message, Decision::Fulfilled, stamp(5)).await.unwrap();
    let decided = look(store, id).await;
    assert!(matches!(store.pending_order(&message, stamp(6)).await.unwrap(), Pending::Settled));
    assert!(!store.decide_order(&message, Decision::Rejected, stamp(7)).await.unwrap());
    assert_eq!(look(store, id).await, decided);
}

async fn a_message_for_an_order_in_another_state_is_settled_without_effect(store: &dyn Store) {
    stock(store).await;
    let (id, message) = queued(store, 1).await;
    store.decide_order(&another(id), Decision::Fulfilled, stamp(5)).await.unwrap();
    assert_eq!(due(store, 1 + 120).await, [message.encode()]);
    assert!(matches!(store.pending_order(&message, stamp(6)).await.unwrap(), Pending::Settled));
    assert!(due(store, MUCH_LATER).await.is_empty());
    assert_eq!(look(store, id).await.version, 3);
}

async fn a_decision_on_an_order_in_another_state_changes_nothing(store: &dyn Store) {
    stock(store).await;
    let (failed, message) = queued(store, 1).await;
    store.record_dead_letter(&letter(&message.encode(), 2), Some(&message), stamp(2)).await.unwrap();
    let placed = placed(store, 3).await;
    for (id, message) in [(failed, message), (placed.id, another(placed.id))] {
        let before = look(store, id).await;
        store.decide_order(&message, Decision::Fulfilled, stamp(5)).await.unwrap();
        assert_eq!(look(store, id).await, before);
    }
}

async fn a_message_received_once_never_decides_again(store: &dyn Store) {
    stock(store).await;
    let id = placed(store, 1).await.id;
    assert!(matches!(store.pending_order(&another(id), stamp(2)).await.unwrap(), Pending::Settled));
    assert!(matches!(super::queue(store, id, 3).await, Ok(Change::Done(_))));
    store.decide_order(&another(id), Decision::Rejected, stamp(4)).await.unwrap();
    assert_eq!(look(store, id).await.status, Status::Queued);
    assert_eq!(due(store, MUCH_LATER).await.len(), 1);
}

async fn a_message_under_anothers_id_changes_nothing_and_takes_nothing_away(store: &dyn Store) {
    stock(store).await;
    let (_, genuine) = queued(store, 1).await;
    let (other, _) = queued(store, 2).await;
    let forged = FulfilmentMessage { order_id: other, ..genuine.clone() };
    assert!(matches!(store.pending_order(&forged, stamp(3)).await.unwrap(), Pending::Reused));
    assert!(matches!(store.pending_order(&genuine, stamp(4)).await.unwrap(), Pending::Order(_)));
    store.decide_order(&genuine, Decision::Fulfilled, stamp(5)).await.unwrap();
    assert!(matches!(store.pending_order(&genuine, stamp(6)).await.unwrap(), Pending::Settled));
}
