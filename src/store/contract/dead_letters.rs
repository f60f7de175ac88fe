//! Recording dead letters.

use crate::{
    orders::{DeadLetter, FulfilmentMessage, Reason, Status},
    store::{DeadLettered, Decision, Store},
};

use super::{
    HOSTILE, MUCH_LATER, administrator, at, due, first, letter, look, permit, placed, queued, stock,
    write_context,
};

store_contract!(
    a_dead_letter_is_kept_as_it_was,
    a_redelivered_message_is_recorded_once,
    a_poison_message_fails_its_order,
    an_order_that_is_not_queued_does_not_fail,
    a_poison_message_with_a_reused_id_changes_nothing,
    a_dead_letter_alone_leaves_its_order_alone,
);

async fn letters(store: &dyn Store) -> Vec<DeadLetter> {
    store.list_dead_letters(&permit(&administrator()), &first(100)).await.unwrap().items
}

async fn a_dead_letter_is_kept_as_it_was(store: &dyn Store) {
    let mut kept = Vec::new();
    for (seconds, (text, reason)) in (0..).zip(HOSTILE.iter().zip(Reason::ALL.iter().cycle())) {
        let mut letter = letter(text.as_bytes(), seconds);
        letter.payload.extend(b"\0\xff\r\n");
        letter.queue = (*text).to_owned();
        letter.message_id = (seconds % 2 == 0).then_some(letter.id);
        letter.order_id = (seconds % 3 == 0).then(|| letter.id.to_string().parse().unwrap());
        letter.dequeue_count = (seconds % 2 == 1).then_some(u32::MAX);
        letter.reason = *reason;
        store.record_dead_letter(&letter, None, write_context(seconds)).await.unwrap();
        kept.insert(0, letter);
    }
    assert_eq!(letters(store).await, kept);
}

async fn a_redelivered_message_is_recorded_once(store: &dyn Store) {
    let mut elsewhere = letter(b"same", 3);
    elsewhere.queue = "orders-incoming-poison".to_owned();
    for letter in [letter(b"same", 1), letter(b"same", 2), elsewhere, letter(b"other", 4)] {
        store.record_dead_letter(&letter, None, write_context(9)).await.unwrap();
    }
    let recorded: Vec<_> = letters(store).await.into_iter().map(|letter| letter.recorded_at).collect();
    assert_eq!(recorded, [at(4), at(3), at(1)]);
}

async fn a_poison_message_fails_its_order(store: &dyn Store) {
    stock(store).await;
    let (id, message) = queued(store, 1).await;
    for (seconds, kept) in [(5, Some(Reason::Poison)), (6, None)] {
        let letter = DeadLetter { reason: Reason::Poison, ..letter(&message.encode(), seconds) };
        let given_up =
            store.record_dead_letter(&letter, Some(&message), write_context(seconds)).await.unwrap();
        assert_eq!(given_up, DeadLettered { recorded: kept, order_failed: kept.is_some() });
    }
    let order = look(store, id).await;
    assert_eq!((order.status, order.version, order.updated_at), (Status::Failed, 3, at(5)));
    assert_eq!(letters(store).await.len(), 1);
    assert!(due(store, MUCH_LATER).await.is_empty());
}

async fn an_order_that_is_not_queued_does_not_fail(store: &dyn Store) {
    stock(store).await;
    let (fulfilled, message) = queued(store, 1).await;
    store.record_decision(&message, Decision::Fulfilled, write_context(2)).await.unwrap();
    let (_, mut stray) = queued(store, 3).await;
    stray.order_id = placed(store, 4).await.id;
    for (id, message) in [(fulfilled, message), (stray.order_id, stray)] {
        let before = look(store, id).await;
        store
            .record_dead_letter(&letter(&message.encode(), 5), Some(&message), write_context(5))
            .await
            .unwrap();
        assert_eq!(look(store, id).await, before);
    }
    assert_eq!(letters(store).await.len(), 2);
}

async fn a_poison_message_with_a_reused_id_changes_nothing(store: &dyn Store) {
    stock(store).await;
    let (genuine_order, genuine) = queued(store, 1).await;
    let (other_order, other) = queued(store, 2).await;
    let forged = FulfilmentMessage { order_id: other_order, ..genuine.clone() };
    let forgery = letter(&forged.encode(), 3);
    let given_up = store.record_dead_letter(&forgery, Some(&forged), write_context(3)).await.unwrap();
    assert_eq!(given_up, DeadLettered { recorded: Some(Reason::Reused), order_failed: false });
    for id in [genuine_order, other_order] {
        assert_eq!(look(store, id).await.status, Status::Queued);
    }
    assert_eq!(letters(store).await[0].reason, Reason::Reused);
    assert_eq!(due(store, MUCH_LATER).await, [genuine.encode(), other.encode()]);
    store.record_dead_letter(&letter(&genuine.encode(), 4), Some(&genuine), write_context(4)).await.unwrap();
    assert_eq!(look(store, genuine_order).await.status, Status::Failed);
    assert_eq!(letters(store).await[0].reason, Reason::Poison);
}

async fn a_dead_letter_alone_leaves_its_order_alone(store: &dyn Store) {
    stock(store).await;
    let (id, message) = queued(store, 1).await;
    let mut letter = letter(&message.encode(), 5);
    letter.order_id = Some(id);
    store.record_dead_letter(&letter, None, write_context(5)).await.unwrap();
    assert_eq!(look(store, id).await.status, Status::Queued);
    assert_eq!(due(store, MUCH_LATER).await.len(), 1);
}
