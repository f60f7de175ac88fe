//! What is deleted after its retention period, and what is never deleted.

use uuid::Uuid;

use crate::{
    orders::OrderId,
    store::{Change, DeadLetterLimit, Decision, Hold, Store},
};

use super::{
    MUCH_LATER, administrator, at, count, creator, draft, due, first, incoming, letter, permit, place_under,
    queued, stock, write_context,
};

store_contract!(
    request_keys_go_after_a_day,
    received_messages_go_after_thirty_days,
    only_consumed_messages_expire,
    only_replayed_dead_letters_expire,
    letters_over_the_ceiling_are_named_and_dropped,
    a_concurrently_replayed_dead_letter_is_not_dropped,
    no_more_goes_at_once_than_wanted,
);

const DAY: i64 = 24 * 60 * 60;

async fn purge(store: &dyn Store, seconds: i64) -> u64 {
    store.purge_expired(at(seconds), 100).await.unwrap()
}

async fn request_keys_go_after_a_day(store: &dyn Store) {
    stock(store).await;
    assert!(matches!(place_under(store, &creator(), "k", &draft(), 0).await, Ok(Change::Done(_))));
    assert_eq!((purge(store, DAY - 1).await, purge(store, DAY).await, purge(store, DAY).await), (0, 1, 0));
    assert_eq!(count(store).await, 1);
}

async fn received_messages_go_after_thirty_days(store: &dyn Store) {
    stock(store).await;
    let ingest = async |seconds| {
        let message = incoming(1, draft(), b"m");
        store.ingest_order(&message, OrderId::new(at(seconds)), write_context(seconds)).await
    };
    assert!(matches!(ingest(0).await, Ok(Change::Done(_))));
    assert_eq!(purge(store, 30 * DAY - 1).await, 0);
    assert!(matches!(ingest(30 * DAY - 1).await, Ok(Change::Unchanged(()))));
    assert_eq!(purge(store, 30 * DAY).await, 1);
    assert_eq!(count(store).await, 1);
}

async fn only_consumed_messages_expire(store: &dyn Store) {
    stock(store).await;
    let (_, consumed) = queued(store, 0).await;
    queued(store, 1).await;
    store.record_decision(&consumed, Decision::Fulfilled, write_context(10)).await.unwrap();
    assert_eq!((purge(store, 9 + 7 * DAY).await, purge(store, 10 + 7 * DAY).await), (0, 1));
    assert_eq!(purge(store, 29 * DAY).await, 0);
    assert_eq!(due(store, MUCH_LATER * 100).await.len(), 1);
}

async fn only_replayed_dead_letters_expire(store: &dyn Store) {
    for seconds in [0, 1] {
        let mut letter = letter(&[0xff, u8::from(seconds == 1)], seconds);
        letter.queue = "orders-incoming".to_owned();
        store.record_dead_letter(&letter, None, write_context(seconds)).await.unwrap();
        if seconds == 1 {
            let replayed =
                store.replay_dead_letter(&permit(&administrator()), letter.id, write_context(5)).await;
            assert!(replayed.is_ok(), "{replayed:?}");
        }
    }
    assert_eq!((purge(store, 4 + 90 * DAY).await, purge(store, 5 + 90 * DAY).await), (0, 1));
    assert_eq!(purge(store, 9000 * DAY).await, 0);
    let left = store.list_dead_letters(&permit(&administrator()), &first(9)).await.unwrap().items;
    assert_eq!(left.len(), 1);
}

/// Dead letters that were recorded a day apart, each of another message.
async fn given_up(store: &dyn Store, count: u8) -> Vec<Uuid> {
    let mut ids = Vec::new();
    for number in 0..count {
        let seconds = i64::from(number) * DAY;
        let mut letter = letter(&[0xff, number], seconds);
        letter.queue = "orders-incoming".to_owned();
        store.record_dead_letter(&letter, None, write_context(seconds)).await.unwrap();
        ids.push(letter.id);
    }
    ids
}

/// The dead letters over a ceiling of this number and this many days, on the sixth day.
async fn excess(store: &dyn Store, most: u64, days: i64) -> Vec<Uuid> {
    let ceiling = DeadLetterLimit { max_count: most, recorded_after: at((6 - days) * DAY) };
    let excess = store.excess_dead_letters(ceiling, 3).await.unwrap();
    excess.iter().map(|letter| letter.id).collect()
}

async fn letters_over_the_ceiling_are_named_and_dropped(store: &dyn Store) {
    let ids = given_up(store, 6).await;
    assert_eq!(store.gauges(at(9 * DAY), Hold::None).await.unwrap().oldest_dead_letter, Some(at(0)));
    assert_eq!(excess(store, 6, 9).await, Vec::<Uuid>::new());
    assert_eq!(excess(store, 4, 9).await, ids[..2]);
    assert_eq!(excess(store, 9, 4).await, ids[..3]);
    assert_eq!(excess(store, 0, 9).await, ids[..3], "no more than wanted");
    store.drop_dead_letters(&ids[..2]).await.unwrap();
    assert_eq!(excess(store, 4, 9).await, Vec::<Uuid>::new());
    let left = store.gauges(at(9 * DAY), Hold::None).await.unwrap();
    assert_eq!((left.unreplayed_dead_letters, left.oldest_dead_letter), (4, Some(at(2 * DAY))));
}

async fn a_concurrently_replayed_dead_letter_is_not_dropped(store: &dyn Store) {
    let ids = given_up(store, 2).await;
    let replayed = store.replay_dead_letter(&permit(&administrator()), ids[0], write_context(9)).await;
    assert!(replayed.is_ok(), "{replayed:?}");
    assert_eq!(excess(store, 1, 9).await, Vec::<Uuid>::new(), "what is replayed does not count");
    store.drop_dead_letters(&ids).await.unwrap();
    let left = store.list_dead_letters(&permit(&administrator()), &first(9)).await.unwrap().items;
    assert_eq!(left.iter().map(|letter| letter.id).collect::<Vec<_>>(), ids[..1]);
}

async fn no_more_goes_at_once_than_wanted(store: &dyn Store) {
    stock(store).await;
    for seconds in 0..5 {
        place_under(store, &creator(), &format!("k{seconds}"), &draft(), seconds).await.unwrap();
    }
    let mut gone = Vec::new();
    for _ in 0..4 {
        gone.push(store.purge_expired(at(2 * DAY), 2).await.unwrap());
    }
    assert_eq!(gone, [2, 2, 1, 0]);
}
