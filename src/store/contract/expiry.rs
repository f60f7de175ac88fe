//! What is kept for a time only, and what for good.

use crate::{
    orders::OrderId,
    store::{Decision, Ingested, Placed, Replayed, Store},
};

use super::{
    MUCH_LATER, administrator, at, count, creator, draft, due, first, incoming, letter, permit, place_under,
    queued, stamp, stock,
};

store_contract!(
    request_keys_go_after_a_day,
    received_messages_go_after_thirty_days,
    consumed_messages_go_after_seven_days_and_open_ones_never,
    replayed_letters_go_after_ninety_days_and_others_never,
    no_more_goes_at_once_than_wanted,
);

const DAY: i64 = 24 * 60 * 60;

async fn purge(store: &dyn Store, seconds: i64) -> u64 {
    store.purge_expired(at(seconds), 100).await.unwrap()
}

async fn request_keys_go_after_a_day(store: &dyn Store) {
    stock(store).await;
    assert!(matches!(place_under(store, &creator(), "k", &draft(), 0).await, Placed::Placed(_)));
    assert_eq!((purge(store, DAY - 1).await, purge(store, DAY).await, purge(store, DAY).await), (0, 1, 0));
    assert_eq!(count(store).await, 1);
}

async fn received_messages_go_after_thirty_days(store: &dyn Store) {
    stock(store).await;
    let ingest = async |seconds| {
        let message = incoming(1, draft(), b"m");
        store.ingest_order(&message, OrderId::new(at(seconds)), stamp(seconds)).await.unwrap()
    };
    assert!(matches!(ingest(0).await, Ingested::Placed(_)));
    assert_eq!(purge(store, 30 * DAY - 1).await, 0);
    assert!(matches!(ingest(30 * DAY - 1).await, Ingested::Already));
    assert_eq!(purge(store, 30 * DAY).await, 1);
    assert_eq!(count(store).await, 1);
}

async fn consumed_messages_go_after_seven_days_and_open_ones_never(store: &dyn Store) {
    stock(store).await;
    let (_, consumed) = queued(store, 0).await;
    queued(store, 1).await;
    store.decide_order(&consumed, Decision::Fulfilled, stamp(10)).await.unwrap();
    assert_eq!((purge(store, 9 + 7 * DAY).await, purge(store, 10 + 7 * DAY).await), (0, 1));
    assert_eq!(purge(store, 29 * DAY).await, 0);
    assert_eq!(due(store, MUCH_LATER * 100).await.len(), 1);
}

async fn replayed_letters_go_after_ninety_days_and_others_never(store: &dyn Store) {
    for seconds in [0, 1] {
        let mut letter = letter(&[0xff, u8::from(seconds == 1)], seconds);
        letter.queue = "orders-incoming".to_owned();
        store.record_dead_letter(&letter, None, stamp(seconds)).await.unwrap();
        if seconds == 1 {
            let replayed = store.replay_dead_letter(&permit(&administrator()), letter.id, stamp(5)).await;
            assert!(matches!(replayed, Ok(Replayed::Now(_))), "{replayed:?}");
        }
    }
    assert_eq!((purge(store, 4 + 90 * DAY).await, purge(store, 5 + 90 * DAY).await), (0, 1));
    assert_eq!(purge(store, 9000 * DAY).await, 0);
    let left = store.list_dead_letters(&permit(&administrator()), &first(9)).await.unwrap().items;
    assert_eq!(left.len(), 1);
}

async fn no_more_goes_at_once_than_wanted(store: &dyn Store) {
    stock(store).await;
    for seconds in 0..5 {
        place_under(store, &creator(), &format!("k{seconds}"), &draft(), seconds).await;
    }
    let mut gone = Vec::new();
    for _ in 0..4 {
        gone.push(store.purge_expired(at(2 * DAY), 2).await.unwrap());
    }
    assert_eq!(gone, [2, 2, 1, 0]);
}
