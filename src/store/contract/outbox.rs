//! Sending again what nobody has consumed.

use chrono::TimeDelta;

use crate::store::{Decision, Queued, Store};

use super::{
    MUCH_LATER, administrator, at, due, letter, message_for, permit, placed, processor, queued, stamp, stock,
};

store_contract!(
    a_message_is_due_at_its_time_and_not_before,
    the_wait_doubles_up_to_one_hour,
    a_message_that_was_due_at_once_waits_the_deadline_first,
    the_oldest_messages_come_first_and_no_more_than_wanted,
    a_consumed_message_is_never_sent_again,
    two_relays_at_once_share_the_messages,
    the_gauges_count_what_is_open_and_what_waits_for_somebody,
);

async fn a_message_is_due_at_its_time_and_not_before(store: &dyn Store) {
    stock(store).await;
    let (_, message) = queued(store, 0).await;
    assert!(due(store, 119).await.is_empty());
    let taken = store.take_due_messages(at(120), TimeDelta::minutes(2), 500).await.unwrap();
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

async fn a_message_that_was_due_at_once_waits_the_deadline_first(store: &dyn Store) {
    stock(store).await;
    let id = placed(store, 0).await.id;
    let message = message_for(id, 0);
    let queued = store.queue_order(&permit(&processor()), &message, at(0), stamp(0)).await.unwrap();
    assert!(matches!(queued, Queued::Now(..)));
    assert_eq!(waits(store, 0, 4).await, [0, 2, 4, 8]);
}

async fn the_oldest_messages_come_first_and_no_more_than_wanted(store: &dyn Store) {
    stock(store).await;
    let mut payloads = Vec::new();
    for seconds in [3, 1, 2, 0] {
        payloads.push((seconds, queued(store, seconds).await.1.encode()));
    }
    payloads.sort();
    let mut taken = Vec::new();
    for expected in [3, 1, 0] {
        let some = store.take_due_messages(at(500), TimeDelta::minutes(2), 3).await.unwrap();
        assert_eq!(some.len(), expected);
        taken.extend(some.into_iter().map(|message| message.payload));
    }
    assert_eq!(taken, payloads.into_iter().map(|(_, payload)| payload).collect::<Vec<_>>());
}

async fn a_consumed_message_is_never_sent_again(store: &dyn Store) {
    stock(store).await;
    let (_, consumed) = queued(store, 1).await;
    let (_, open) = queued(store, 2).await;
    store.decide_order(&consumed, Decision::Rejected, stamp(3)).await.unwrap();
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

async fn the_gauges_count_what_is_open_and_what_waits_for_somebody(store: &dyn Store) {
    stock(store).await;
    let counted = async || {
        let gauges = store.gauges().await.unwrap();
        // A connection finds its way back a moment after its work is done.
        assert!(gauges.pool_in_use <= 4 && gauges.pool_size == 4, "{gauges:?}");
        (gauges.oldest_open, gauges.open_rows, gauges.unreplayed_dead_letters)
    };
    assert_eq!(counted().await, (None, 0, 0));
    let (_, first) = queued(store, 1).await;
    queued(store, 2).await;
    assert_eq!(counted().await, (Some(at(1)), 2, 0));
    assert!(store.decide_order(&first, Decision::Fulfilled, stamp(3)).await.unwrap());
    let mut broken = letter(b"broken", 4);
    broken.queue = "orders-incoming".to_owned();
    store.record_dead_letter(&broken, None, stamp(4)).await.unwrap();
    assert_eq!(counted().await, (Some(at(2)), 1, 1));
    store.replay_dead_letter(&permit(&administrator()), broken.id, stamp(5)).await.unwrap();
    assert_eq!(counted().await.2, 0);
}
