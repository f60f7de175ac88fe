//! Orders that come through a queue.

use uuid::Uuid;

use crate::{
    orders::{IncomingOrder, Order, OrderDraft, OrderId, Owner, Status},
    store::{Change, Store, WriteError},
};

use super::{at, count, creator, draft, incoming, line, look, stock, write_context};

store_contract!(
    an_ingested_order_has_owner_and_current_prices,
    a_second_delivery_changes_nothing,
    two_deliveries_at_once_make_one_order,
    one_id_with_other_content_is_reused,
    a_refused_message_leaves_its_id_free,
);

async fn ingest(
    store: &dyn Store,
    message: &IncomingOrder,
    seconds: i64,
) -> Result<Change<Order, ()>, WriteError> {
    store.ingest_order(message, OrderId::new(at(seconds)), write_context(seconds)).await
}

async fn an_ingested_order_has_owner_and_current_prices(store: &dyn Store) {
    stock(store).await;
    let message = incoming(1, draft(), b"m");
    let Ok(Change::Done(order)) = ingest(store, &message, 1).await else { panic!("not placed") };
    assert_eq!((order.owner, order.status, order.version), (creator().owner(), Status::Placed, 1));
    assert_eq!((order.total.get(), order.created_at), (4894, at(1)));
    assert_eq!(look(store, order.id).await, order);
}

async fn a_second_delivery_changes_nothing(store: &dyn Store) {
    stock(store).await;
    ingest(store, &incoming(1, draft(), b"m"), 1).await.unwrap();
    for payload in [&b"m"[..], b"m, spelt otherwise"] {
        let answer = ingest(store, &incoming(1, draft(), payload), 2).await;
        assert!(matches!(answer, Ok(Change::Unchanged(()))), "{answer:?}");
    }
    assert_eq!(count(store).await, 1);
    assert!(matches!(ingest(store, &incoming(2, draft(), b"m"), 3).await, Ok(Change::Done(_))));
}

async fn two_deliveries_at_once_make_one_order(store: &dyn Store) {
    stock(store).await;
    let message = incoming(1, draft(), b"m");
    let outcome = tokio::join!(ingest(store, &message, 1), ingest(store, &message, 2));
    assert!(
        matches!(
            outcome,
            (Ok(Change::Done(_)), Ok(Change::Unchanged(())))
                | (Ok(Change::Unchanged(())), Ok(Change::Done(_)))
        ),
        "{outcome:?}"
    );
    assert_eq!(count(store).await, 1);
}

async fn one_id_with_other_content_is_reused(store: &dyn Store) {
    stock(store).await;
    let first = incoming(1, draft(), b"m");
    ingest(store, &first, 1).await.unwrap();
    let other_draft = incoming(1, OrderDraft { note: None, ..draft() }, b"m");
    let owner = Owner { object: Uuid::from_u128(9), ..first.owner };
    for message in [other_draft, IncomingOrder { owner, ..first }] {
        let answer = ingest(store, &message, 2).await;
        assert!(matches!(answer, Err(WriteError::KeyReused)), "{answer:?}");
    }
    assert_eq!(count(store).await, 1);
}

async fn a_refused_message_leaves_its_id_free(store: &dyn Store) {
    let message = incoming(1, OrderDraft { lines: vec![line("CUP", 1)], ..draft() }, b"m");
    assert!(matches!(ingest(store, &message, 1).await, Err(WriteError::InvalidLines(_))));
    assert_eq!(count(store).await, 0);
    stock(store).await;
    assert!(matches!(ingest(store, &message, 2).await, Ok(Change::Done(_))));
}
