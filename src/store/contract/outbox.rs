//! Sending messages again that were not consumed.

use chrono::TimeDelta;

use crate::{
    orders::FulfilmentMessage,
    store::{Change, Decision, Hold, RelayBatch, Store},
};

use super::{
    MUCH_LATER, administrator, at, due, letter, message_for, permit, placed, processor, queued, stock,
    write_context,
};

store_contract!(
    a_message_is_due_at_its_time_and_not_before,
    the_wait_doubles_up_to_one_hour,
    the_first_resend_waits_for_the_deadline,
    the_oldest_messages_are_taken_first,
    batches_take_every_message_once,
    a_batch_ends_with_its_bytes,
    a_consumed_message_is_never_sent_again,
    two_relays_at_once_share_the_messages,
    gauges_count_open_messages_and_dead_letters,
    a_message_created_in_the_future_is_due_at_once,
    a_message_sent_in_the_future_is_resent_at_once,
    clocks_that_differ_by_seconds_send_nothing_early,
    a_long_first_delay_is_not_a_wrong_clock,
    gauges_count_future_messages_apart,
    held_messages_are_sent_after_their_release,
    held_messages_have_no_age,
);

async fn a_message_is_due_at_its_time_and_not_before(store: &dyn Store) {
    stock(store).await;
    let (_, message) = queued(store, 0).await;
    assert!(due(store, 119).await.is_empty());
    let taken = store
        .take_due_messages(at(120), TimeDelta::minutes(2), RelayBatch::up_to(500), Hold::None)
        .await
        .unwrap();
    assert_eq!(taken.len(), 1);
    assert_eq!((taken[0].binding.as_str(), &taken[0].payload), ("fulfilment", &message.encode()));
}

/// Minutes between one sending and the next.
async fn waits(store: &dyn Store, mut seconds: i64, sendings: usize) -> Vec<i64> {
    let mut waits = Vec::new();
    for _ in 0..sendings {
        let sent = seconds;
        while due(store, seconds).await.is_empty() {
            seconds += 60;
            assert!(seconds - sent < 7200, "never sent again");
        }
        waits.push((seconds - sent) / 60);
    }
    waits
}

async fn the_wait_doubles_up_to_one_hour(store: &dyn Store) {
    stock(store).await;
    queued(store, 0).await;
    assert_eq!(waits(store, 0, 8).await, [2, 4, 8, 16, 32, 60, 60, 60]);
}

async fn the_first_resend_waits_for_the_deadline(store: &dyn Store) {
    stock(store).await;
    let id = placed(store, 0).await.id;
    let message = message_for(id, 0);
    let queued = store.queue_order(&permit(&processor()), &message, at(0), write_context(0)).await;
    assert!(matches!(queued, Ok(Change::Done(_))));
    assert_eq!(waits(store, 0, 4).await, [0, 2, 4, 8]);
}

async fn the_oldest_messages_are_taken_first(store: &dyn Store) {
    stock(store).await;
    let mut payloads = Vec::new();
    for seconds in [3, 1, 2, 0] {
        payloads.push((seconds, queued(store, seconds).await.1.encode()));
    }
    payloads.sort();
    let mut taken = Vec::new();
    for expected in [3, 1, 0] {
        let some = store
            .take_due_messages(at(500), TimeDelta::minutes(2), RelayBatch::up_to(3), Hold::None)
            .await
            .unwrap();
        assert_eq!(some.len(), expected);
        taken.extend(some.into_iter().map(|message| message.payload));
    }
    assert_eq!(taken, payloads.into_iter().map(|(_, payload)| payload).collect::<Vec<_>>());
}

async fn batches_take_every_message_once(store: &dyn Store) {
    stock(store).await;
    let mut payloads = Vec::new();
    for seconds in [5, 1, 4, 1, 2, 3, 1] {
        payloads.push((seconds, queued(store, seconds).await.1));
    }
    payloads.sort_by_key(|(seconds, message)| (*seconds, message.message_id));
    let mut batch = RelayBatch::up_to(2);
    let mut taken = Vec::new();
    for expected in [2, 2, 2, 1, 0] {
        let due = store.take_due_messages(at(500), TimeDelta::minutes(2), batch, Hold::None).await.unwrap();
        assert_eq!(due.len(), expected);
        batch.created_from = due.last().map(|message| message.created_at);
        taken.extend(due.into_iter().map(|message| message.payload));
    }
    assert_eq!(taken, payloads.iter().map(|(_, message)| message.encode()).collect::<Vec<_>>());
}

async fn a_batch_ends_with_its_bytes(store: &dyn Store) {
    stock(store).await;
    let mut bytes = 0;
    for seconds in 0..4 {
        bytes = queued(store, seconds).await.1.encode().len();
    }
    for (messages, expected) in [(2, 2), (1, 1), (1, 1), (1, 0)] {
        let max_bytes = u32::try_from(messages * bytes).unwrap();
        let batch = RelayBatch { max_bytes, ..RelayBatch::up_to(9) };
        let due = store.take_due_messages(at(500), TimeDelta::minutes(2), batch, Hold::None).await.unwrap();
        assert_eq!(due.len(), expected);
    }
}

async fn a_consumed_message_is_never_sent_again(store: &dyn Store) {
    stock(store).await;
    let (_, consumed) = queued(store, 1).await;
    let (_, open) = queued(store, 2).await;
    store.record_decision(&consumed, Decision::Rejected, write_context(3)).await.unwrap();
    assert_eq!(due(store, MUCH_LATER).await, [open.encode()]);
}

async fn two_relays_at_once_share_the_messages(store: &dyn Store) {
    stock(store).await;
    for seconds in 0..6 {
        queued(store, seconds).await;
    }
    let (mut one, other) = tokio::join!(due(store, 500), due(store, 500));
    one.extend(other);
    one.sort();
    one.dedup();
    assert_eq!(one.len(), 6);
}

async fn gauges_count_open_messages_and_dead_letters(store: &dyn Store) {
    stock(store).await;
    let counted = async || {
        let gauges = store.gauges(at(5), Hold::None).await.unwrap();
        // A connection finds its way back a moment after its work is done.
        assert!(gauges.pool_in_use <= 4 && gauges.pool_size == 4, "{gauges:?}");
        (gauges.oldest_open, gauges.open_rows, gauges.unreplayed_dead_letters)
    };
    assert_eq!(counted().await, (None, 0, 0));
    let (_, first) = queued(store, 1).await;
    queued(store, 2).await;
    assert_eq!(counted().await, (Some(at(1)), 2, 0));
    assert!(store.record_decision(&first, Decision::Fulfilled, write_context(3)).await.unwrap());
    let mut broken = letter(b"broken", 4);
    broken.queue = "orders-incoming".to_owned();
    store.record_dead_letter(&broken, None, write_context(4)).await.unwrap();
    assert_eq!(counted().await, (Some(at(2)), 1, 1));
    store.replay_dead_letter(&permit(&administrator()), broken.id, write_context(5)).await.unwrap();
    assert_eq!(counted().await.2, 0);
}

const HOUR: i64 = 60 * 60;
const YEARS: i64 = 10 * 365 * 24 * HOUR;

async fn a_message_created_in_the_future_is_due_at_once(store: &dyn Store) {
    stock(store).await;
    for ahead in [HOUR / 2, 20 * HOUR, YEARS] {
        let (_, message) = queued(store, ahead).await;
        assert_eq!(due(store, 0).await, [message.encode()], "{ahead}");
        assert!(due(store, 239).await.is_empty(), "{ahead}: it waits as others do");
        assert_eq!(due(store, 240).await, [message.encode()], "{ahead}");
        assert!(store.record_decision(&message, Decision::Fulfilled, write_context(0)).await.unwrap());
    }
}

async fn a_message_sent_in_the_future_is_resent_at_once(store: &dyn Store) {
    stock(store).await;
    let (_, message) = queued(store, 0).await;
    for ahead in [2 * HOUR, YEARS] {
        for _ in 0..20 {
            let wrong = store
                .take_due_messages(at(ahead), TimeDelta::minutes(2), RelayBatch::up_to(500), Hold::None)
                .await
                .unwrap();
            let right = store
                .take_due_messages(at(600), TimeDelta::minutes(2), RelayBatch::up_to(500), Hold::None)
                .await
                .unwrap();
            assert_eq!((wrong.len(), right.len()), (1, 1), "{ahead}");
        }
    }
    assert!(due(store, 600 + HOUR - 1).await.is_empty());
    assert_eq!(due(store, 600 + HOUR).await, [message.encode()]);
}

async fn clocks_that_differ_by_seconds_send_nothing_early(store: &dyn Store) {
    stock(store).await;
    let (_, message) = queued(store, 59).await;
    assert!(due(store, 0).await.is_empty());
    assert_eq!(due(store, 59 + 120).await, [message.encode()]);
    assert!(due(store, 59 + 60).await.is_empty());
}

async fn a_long_first_delay_is_not_a_wrong_clock(store: &dyn Store) {
    stock(store).await;
    let id = placed(store, 0).await.id;
    let message = message_for(id, 0);
    let queued = store.queue_order(&permit(&processor()), &message, at(24 * HOUR), write_context(0)).await;
    assert!(matches!(queued, Ok(Change::Done(_))));
    let due = async |seconds| {
        store
            .take_due_messages(at(seconds), TimeDelta::hours(24), RelayBatch::up_to(500), Hold::None)
            .await
            .unwrap()
            .len()
    };
    assert_eq!((due(0).await, due(24 * HOUR - 1).await, due(24 * HOUR).await), (0, 0, 1));
    assert_eq!((due(24 * HOUR + 1).await, due(25 * HOUR).await), (0, 1));
}

async fn gauges_count_future_messages_apart(store: &dyn Store) {
    stock(store).await;
    let counted = async || {
        let gauges = store.gauges(at(0), Hold::None).await.unwrap();
        (gauges.oldest_open, gauges.open_rows, gauges.open_rows_from_future)
    };
    queued(store, 61).await;
    queued(store, YEARS).await;
    assert_eq!(counted().await, (None, 2, 2));
    queued(store, 60).await;
    queued(store, -5).await;
    assert_eq!(counted().await, (Some(at(-5)), 4, 2));
}

/// An order that waits since 0 s, and since 60 s the broken order of a dead letter that was replayed.
async fn of_either_kind(store: &dyn Store) -> (FulfilmentMessage, &'static [u8]) {
    stock(store).await;
    let (_, message) = queued(store, 0).await;
    let mut broken = letter(b"broken", 60);
    broken.queue = "orders-incoming".to_owned();
    store.record_dead_letter(&broken, None, write_context(60)).await.unwrap();
    store.replay_dead_letter(&permit(&administrator()), broken.id, write_context(60)).await.unwrap();
    (message, b"broken")
}

async fn held_messages_are_sent_after_their_release(store: &dyn Store) {
    let (message, incoming) = of_either_kind(store).await;
    let taken = async |seconds, hold| {
        let due = store
            .take_due_messages(at(seconds), TimeDelta::minutes(2), RelayBatch::up_to(500), hold)
            .await
            .unwrap();
        due.into_iter().map(|message| message.payload).collect::<Vec<_>>()
    };
    assert_eq!(taken(120, Hold::Fulfilment).await, [incoming]);
    for minute in 3..70 {
        assert!(!taken(60 * minute, Hold::Fulfilment).await.contains(&message.encode()), "{minute}");
    }
    assert!(taken(70 * 60, Hold::None).await.contains(&message.encode()));
    assert!(!taken(70 * 60 + 239, Hold::None).await.contains(&message.encode()));
    assert!(taken(70 * 60 + 240, Hold::None).await.contains(&message.encode()), "it had waited once");
}

async fn held_messages_have_no_age(store: &dyn Store) {
    of_either_kind(store).await;
    let counted = async |hold| {
        let gauges = store.gauges(at(70 * 60), hold).await.unwrap();
        (gauges.oldest_open, gauges.open_rows, gauges.open_rows_on_hold)
    };
    assert_eq!(counted(Hold::None).await, (Some(at(0)), 2, 0));
    assert_eq!(counted(Hold::Fulfilment).await, (Some(at(60)), 2, 1));
}
