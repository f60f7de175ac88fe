//! Requests that their callers named.

use crate::{
    identity::Caller,
    orders::{OrderDraft, OrderId, OrderRevision, Precondition},
    store::{Change, Store, WriteContext, WriteError},
};

use super::{
    HOSTILE, at, count, creator, draft, line, namesake_in_another_tenant, permit, place_under, product, put,
    stock, stranger, write_context,
};

store_contract!(
    a_repeated_request_returns_the_original_order,
    another_request_under_the_key_is_refused,
    concurrent_requests_with_one_key_create_one_order,
    an_idempotency_key_belongs_to_its_caller,
    a_refused_request_leaves_its_key_free,
    a_key_is_absent_after_24_hours,
    a_clock_that_jumped_ahead_makes_no_key_absent,
    hostile_keys_are_keys_like_others,
);

const DAY: i64 = 24 * 60 * 60;

async fn fresh(store: &dyn Store, caller: &Caller, key: &str, seconds: i64) -> crate::orders::Order {
    match place_under(store, caller, key, &draft(), seconds).await {
        Ok(Change::Done(order)) => order,
        other => panic!("not placed: {other:?}"),
    }
}

fn other_draft() -> OrderDraft {
    OrderDraft { note: None, ..draft() }
}

async fn a_repeated_request_returns_the_original_order(store: &dyn Store) {
    stock(store).await;
    let order = fresh(store, &creator(), "k", 1).await;
    put(store, &product("CUP", 1), Precondition::Version(1)).await.unwrap();
    let mut retired = product("BEANS", 1);
    retired.active = false;
    put(store, &retired, Precondition::Version(1)).await.unwrap();
    let revision =
        OrderRevision { reference: "PO-18".parse().unwrap(), lines: vec![line("CUP", 1)], note: None };
    let changed = store
        .update_order(&permit(&creator()), order.id, &revision, Precondition::Version(1), write_context(2))
        .await;
    assert!(changed.is_ok(), "{changed:?}");
    match place_under(store, &creator(), "k", &draft(), 3).await {
        Ok(Change::Unchanged(again)) => assert_eq!(again, order),
        other => panic!("not again: {other:?}"),
    }
    assert_eq!(count(store).await, 1);
}

async fn another_request_under_the_key_is_refused(store: &dyn Store) {
    stock(store).await;
    fresh(store, &creator(), "k", 1).await;
    let answer = place_under(store, &creator(), "k", &other_draft(), 2).await;
    assert!(matches!(answer, Err(WriteError::KeyReused)), "{answer:?}");
    assert_eq!(count(store).await, 1);
}

async fn concurrent_requests_with_one_key_create_one_order(store: &dyn Store) {
    stock(store).await;
    let (caller, draft) = (creator(), draft());
    let (one, other) = tokio::join!(
        place_under(store, &caller, "k", &draft, 1),
        place_under(store, &caller, "k", &draft, 2),
    );
    match (one, other) {
        (Ok(Change::Done(order)), Ok(Change::Unchanged(again)))
        | (Ok(Change::Unchanged(again)), Ok(Change::Done(order))) => {
            assert_eq!(order, again);
        }
        both => panic!("{both:?}"),
    }
    assert_eq!(count(store).await, 1);
}

async fn an_idempotency_key_belongs_to_its_caller(store: &dyn Store) {
    stock(store).await;
    for (seconds, caller) in (1..).zip([creator(), stranger(), namesake_in_another_tenant()]) {
        assert_eq!(fresh(store, &caller, "k", seconds).await.owner, caller.owner());
    }
}

async fn a_refused_request_leaves_its_key_free(store: &dyn Store) {
    let refused = place_under(store, &creator(), "k", &draft(), 1).await;
    assert!(matches!(refused, Err(WriteError::InvalidLines(_))), "{refused:?}");
    stock(store).await;
    fresh(store, &creator(), "k", 2).await;
}

async fn a_key_is_absent_after_24_hours(store: &dyn Store) {
    stock(store).await;
    let first = fresh(store, &creator(), "k", 0).await;
    let answer = place_under(store, &creator(), "k", &draft(), DAY - 1).await;
    assert!(matches!(answer, Ok(Change::Unchanged(ref again)) if *again == first), "{answer:?}");
    let second = match place_under(store, &creator(), "k", &other_draft(), DAY).await {
        Ok(Change::Done(order)) => order,
        other => panic!("not placed: {other:?}"),
    };
    assert_eq!(second.created_at, at(DAY));
    let answer = place_under(store, &creator(), "k", &other_draft(), DAY + 1).await;
    assert!(matches!(answer, Ok(Change::Unchanged(ref again)) if *again == second), "{answer:?}");
}

async fn a_clock_that_jumped_ahead_makes_no_key_absent(store: &dyn Store) {
    stock(store).await;
    let first = fresh(store, &creator(), "k", 0).await;
    let (permit, key) = (permit(&creator()), "k".parse().unwrap());
    let place = async |jumped: i64, passed: i64, draft: &OrderDraft| {
        let context = WriteContext { retention_at: at(passed), ..write_context(passed + jumped) };
        store.place_order(&permit, OrderId::new(context.at), draft, Some(&key), context).await
    };
    let again = place(DAY - 1, DAY / 2, &draft()).await;
    assert!(matches!(again, Ok(Change::Unchanged(ref again)) if *again == first), "{again:?}");
    let other = place(DAY - 1, DAY / 2, &other_draft()).await;
    assert!(matches!(other, Err(WriteError::KeyReused)), "{other:?}");
    let after = place(DAY - 1, DAY, &draft()).await;
    assert!(matches!(after, Ok(Change::Done(_))), "{after:?}");
    assert_eq!(count(store).await, 2);
}

async fn hostile_keys_are_keys_like_others(store: &dyn Store) {
    stock(store).await;
    let keys = HOSTILE.iter().filter(|text| text.bytes().all(|byte| byte.is_ascii_graphic()));
    for (seconds, key) in (1..).zip(keys) {
        let order = fresh(store, &creator(), key, seconds).await;
        let answer = place_under(store, &creator(), key, &draft(), 50).await;
        assert!(matches!(answer, Ok(Change::Unchanged(ref again)) if *again == order), "{key}: {answer:?}");
    }
    fresh(store, &creator(), "K", 60).await;
    fresh(store, &creator(), "k", 61).await;
}
