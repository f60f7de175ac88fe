//! Dead letters that are sent again.

use uuid::Uuid;

use crate::{
    orders::{DeadLetter, FulfilmentMessage, OrderId, Status},
    store::{Change, Conflict, Decision, FulfilmentTarget, Hold, RelayBatch, Store, WriteError},
};

use super::{
    MUCH_LATER, administrator, at, draft, due, first, incoming, letter, look, permit, placed, queue, queued,
    stock, write_context,
};

store_contract!(
    a_replayed_order_waits_again_under_a_new_message,
    a_replay_takes_effect_after_the_original,
    the_old_message_cannot_fail_its_order_again,
    a_dead_letter_is_replayed_once,
    concurrent_replays_send_one_message,
    an_order_that_has_not_failed_stays_as_it_is,
    a_replay_for_no_order_ends_as_a_dead_letter,
    an_unreadable_message_is_replayed_unchanged,
    an_incoming_replay_is_sent_until_received,
    a_missing_letter_is_not_found,
);

fn from(queue: &str, payload: &[u8], seconds: i64) -> DeadLetter {
    DeadLetter { queue: queue.to_owned(), ..letter(payload, seconds) }
}

async fn replay(store: &dyn Store, id: Uuid, seconds: i64) -> Result<DeadLetter, WriteError> {
    store.replay_dead_letter(&permit(&administrator()), id, write_context(seconds)).await
}

/// A dead-lettered message, its order `failed`, and its dead letter.
async fn failed(store: &dyn Store, seconds: i64) -> (OrderId, FulfilmentMessage, DeadLetter) {
    let (id, message) = queued(store, seconds).await;
    let letter = from("orders-fulfilment", &message.encode(), seconds).with_message(&message);
    store.record_dead_letter(&letter, Some(&message), write_context(seconds)).await.unwrap();
    assert_eq!(look(store, id).await.status, Status::Failed);
    (id, message, letter)
}

/// The one message that is due.
async fn sent(store: &dyn Store, seconds: i64) -> FulfilmentMessage {
    let due = due(store, seconds).await;
    assert_eq!(due.len(), 1);
    FulfilmentMessage::decode(&due[0]).unwrap()
}

async fn a_replayed_order_waits_again_under_a_new_message(store: &dyn Store) {
    stock(store).await;
    let (id, old, letter) = failed(store, 1).await;
    let replayed = replay(store, letter.id, 5).await.unwrap();
    assert_eq!(replayed, DeadLetter { replayed_at: Some(at(5)), ..letter });
    let order = look(store, id).await;
    assert_eq!((order.status, order.version, order.updated_at), (Status::Queued, 4, at(5)));
    let new = sent(store, 5).await;
    assert_ne!(new.message_id, old.message_id);
    assert_eq!((new.order_id, &new.traceparent), (id, &old.traceparent));
    store.record_decision(&new, Decision::Fulfilled, write_context(6)).await.unwrap();
    assert_eq!(look(store, id).await.status, Status::Fulfilled);
    assert!(due(store, MUCH_LATER).await.is_empty());
}

async fn a_replay_takes_effect_after_the_original(store: &dyn Store) {
    stock(store).await;
    let id = placed(store, 1).await.id;
    let old = FulfilmentMessage { message_id: Uuid::from_u128(7), order_id: id, traceparent: None };
    assert!(matches!(
        store.load_for_fulfilment(&old, write_context(2)).await.unwrap(),
        FulfilmentTarget::NotQueued
    ));
    queue(store, id, 3).await.unwrap();
    assert_eq!(due(store, 123).await.len(), 1);
    let letter = from("orders-fulfilment", &old.encode(), 124).with_message(&old);
    store.record_dead_letter(&letter, Some(&old), write_context(124)).await.unwrap();
    replay(store, letter.id, 125).await.unwrap();
    let new = sent(store, 125).await;
    store.record_decision(&new, Decision::Rejected, write_context(126)).await.unwrap();
    assert_eq!(look(store, id).await.status, Status::Rejected);
}

async fn the_old_message_cannot_fail_its_order_again(store: &dyn Store) {
    stock(store).await;
    let (id, old, letter) = failed(store, 1).await;
    replay(store, letter.id, 5).await.unwrap();
    let late = from("orders-fulfilment", &old.encode(), 6).with_message(&old);
    store.record_dead_letter(&late, Some(&old), write_context(6)).await.unwrap();
    assert_eq!(look(store, id).await.status, Status::Queued);
    let new = sent(store, 7).await;
    let again = from("orders-fulfilment", &new.encode(), 8).with_message(&new);
    store.record_dead_letter(&again, Some(&new), write_context(8)).await.unwrap();
    assert_eq!(look(store, id).await.status, Status::Failed, "its replay can");
    assert!(replay(store, again.id, 9).await.is_ok(), "and be replayed in turn");
    assert_eq!(look(store, id).await.status, Status::Queued);
}

async fn a_dead_letter_is_replayed_once(store: &dyn Store) {
    stock(store).await;
    let (id, _, letter) = failed(store, 1).await;
    replay(store, letter.id, 5).await.unwrap();
    assert!(matches!(replay(store, letter.id, 6).await, Err(WriteError::Conflict(Conflict::Replay))));
    assert_eq!(look(store, id).await.version, 4);
    assert_eq!(due(store, MUCH_LATER).await.len(), 1);
}

async fn concurrent_replays_send_one_message(store: &dyn Store) {
    stock(store).await;
    let (_, _, letter) = failed(store, 1).await;
    let outcome = tokio::join!(replay(store, letter.id, 5), replay(store, letter.id, 6));
    assert!(
        matches!(
            outcome,
            (Ok(_), Err(WriteError::Conflict(Conflict::Replay)))
                | (Err(WriteError::Conflict(Conflict::Replay)), Ok(_))
        ),
        "{outcome:?}"
    );
    assert_eq!(due(store, MUCH_LATER).await.len(), 1);
}

async fn an_order_that_has_not_failed_stays_as_it_is(store: &dyn Store) {
    stock(store).await;
    let order = placed(store, 1).await;
    let missing = OrderId::new(at(2));
    for (seconds, order_id) in [(3, order.id), (4, missing)] {
        let message = FulfilmentMessage { message_id: Uuid::nil(), order_id, traceparent: None };
        let letter = from("orders-fulfilment", &message.encode(), seconds);
        store.record_dead_letter(&letter, None, write_context(seconds)).await.unwrap();
        assert!(replay(store, letter.id, 5).await.is_ok());
    }
    assert_eq!(look(store, order.id).await, order);
    assert_eq!(due(store, 5).await.len(), 2);
}

async fn a_replay_for_no_order_ends_as_a_dead_letter(store: &dyn Store) {
    let old = FulfilmentMessage { message_id: Uuid::nil(), order_id: OrderId::new(at(1)), traceparent: None };
    let stray = from("orders-fulfilment", &old.encode(), 1).with_message(&old);
    store.record_dead_letter(&stray, None, write_context(1)).await.unwrap();
    replay(store, stray.id, 2).await.unwrap();
    let new = sent(store, 2).await;
    assert!(matches!(
        store.load_for_fulfilment(&new, write_context(3)).await.unwrap(),
        FulfilmentTarget::NotFound
    ));
    let again = from("orders-fulfilment", &new.encode(), 3).with_message(&new);
    store.record_dead_letter(&again, None, write_context(3)).await.unwrap();
    assert!(due(store, MUCH_LATER).await.is_empty());
}

async fn an_unreadable_message_is_replayed_unchanged(store: &dyn Store) {
    let broken = from("orders-fulfilment", b"\xff", 1);
    store.record_dead_letter(&broken, None, write_context(1)).await.unwrap();
    replay(store, broken.id, 2).await.unwrap();
    assert_eq!(due(store, 2).await, [b"\xff"]);
    let elsewhere = from("orders-incoming", b"\xff", 3);
    store.record_dead_letter(&elsewhere, None, write_context(3)).await.unwrap();
    assert_eq!(due(store, 2 + 120).await, [b"\xff"], "another queue's letter is another's");
    let again = from("orders-fulfilment", b"\xff", 4);
    store.record_dead_letter(&again, None, write_context(4)).await.unwrap();
    assert!(due(store, MUCH_LATER).await.is_empty());
    let letters = store.list_dead_letters(&permit(&administrator()), &first(9)).await.unwrap().items;
    assert_eq!(letters.len(), 3);
}

async fn an_incoming_replay_is_sent_until_received(store: &dyn Store) {
    stock(store).await;
    for (seconds, payload) in [(1, &b"one"[..]), (2, b"other")] {
        let letter = from("orders-incoming", payload, seconds);
        store.record_dead_letter(&letter, None, write_context(seconds)).await.unwrap();
        replay(store, letter.id, seconds).await.unwrap();
    }
    let taken = store
        .take_due_messages(at(3), chrono::TimeDelta::minutes(2), RelayBatch::up_to(9), Hold::None)
        .await
        .unwrap();
    assert!(taken.iter().all(|message| message.binding == "incoming"));
    assert_eq!(taken.len(), 2);
    let message = incoming(1, draft(), b"one");
    let answer = store.ingest_order(&message, OrderId::new(at(4)), write_context(4)).await;
    assert!(matches!(answer, Ok(Change::Done(_))), "{answer:?}");
    assert_eq!(due(store, MUCH_LATER).await, [b"other"]);
    let again = incoming(1, draft(), b"other");
    let answer = store.ingest_order(&again, OrderId::new(at(5)), write_context(5)).await;
    assert!(matches!(answer, Ok(Change::Unchanged(()))), "{answer:?}");
    assert!(due(store, 2 * MUCH_LATER).await.is_empty());
}

async fn a_missing_letter_is_not_found(store: &dyn Store) {
    assert!(matches!(replay(store, Uuid::from_u128(1), 1).await, Err(WriteError::NotFound)));
}
