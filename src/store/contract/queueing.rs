//! Handing orders to fulfilment.

use crate::{
    orders::{OrderId, Status},
    store::{Change, Conflict, Decision, Store, WriteError},
};

use super::{
    MUCH_LATER, TRACE, at, due, letter, look, message_for, permit, placed, program_of_another_tenant, queue,
    queue_with, queued, staff_of_another_tenant, stock, write_context,
};

store_contract!(
    queueing_writes_status_version_and_message,
    concurrent_queueing_makes_one_message,
    an_order_that_is_queued_already_stays_as_it_is,
    a_decided_or_failed_order_cannot_be_queued,
    a_missing_order_is_not_found,
    an_order_of_another_tenant_is_not_found,
);

async fn queueing_writes_status_version_and_message(store: &dyn Store) {
    stock(store).await;
    let before = placed(store, 1).await;
    let message = message_for(before.id, 5);
    let Ok(Change::Done(order)) = queue_with(store, &message, 5).await else { panic!("not queued") };
    assert_eq!((order.status, order.version, order.updated_at), (Status::Queued, 2, at(5)));
    assert_eq!(
        (order.created_at, &order.lines, order.total),
        (before.created_at, &before.lines, before.total)
    );
    assert_eq!((message.order_id, message.traceparent.as_ref().unwrap().as_str()), (before.id, TRACE));
    assert_eq!(look(store, before.id).await, order);
    assert_eq!(due(store, MUCH_LATER).await, [message.encode()]);
}

async fn concurrent_queueing_makes_one_message(store: &dyn Store) {
    stock(store).await;
    let id = placed(store, 1).await.id;
    let outcome = tokio::join!(queue(store, id, 2), queue(store, id, 3));
    assert!(
        matches!(
            outcome,
            (Ok(Change::Done(_)), Ok(Change::Unchanged(_))) | (Ok(Change::Unchanged(_)), Ok(Change::Done(_)))
        ),
        "{outcome:?}"
    );
    assert_eq!(due(store, MUCH_LATER).await.len(), 1);
    assert_eq!(look(store, id).await.version, 2);
}

async fn an_order_that_is_queued_already_stays_as_it_is(store: &dyn Store) {
    stock(store).await;
    let (id, _) = queued(store, 1).await;
    let before = look(store, id).await;
    let Ok(Change::Unchanged(order)) = queue(store, id, 9).await else { panic!("not queued already") };
    assert_eq!(order, before);
    assert_eq!(look(store, id).await, before);
}

async fn a_decided_or_failed_order_cannot_be_queued(store: &dyn Store) {
    stock(store).await;
    let mut ids = Vec::new();
    for (seconds, decision) in [(1, Decision::Fulfilled), (2, Decision::Rejected)] {
        let (id, message) = queued(store, seconds).await;
        store.record_decision(&message, decision, write_context(5)).await.unwrap();
        ids.push(id);
    }
    let (failed, message) = queued(store, 3).await;
    store.record_dead_letter(&letter(&message.encode(), 5), Some(&message), write_context(5)).await.unwrap();
    ids.push(failed);
    for id in ids {
        assert!(matches!(queue(store, id, 9).await, Err(WriteError::Conflict(Conflict::Process))));
    }
    assert!(due(store, MUCH_LATER).await.is_empty());
}

async fn a_missing_order_is_not_found(store: &dyn Store) {
    assert!(matches!(queue(store, OrderId::new(at(1)), 2).await, Err(WriteError::NotFound)));
}

async fn an_order_of_another_tenant_is_not_found(store: &dyn Store) {
    stock(store).await;
    let order = placed(store, 1).await;
    let message = message_for(order.id, 2);
    for foreign in [staff_of_another_tenant(), program_of_another_tenant()] {
        let outcome = store.queue_order(&permit(&foreign), &message, at(120), write_context(2)).await;
        assert!(matches!(outcome, Err(WriteError::NotFound)), "{outcome:?}");
    }
    assert_eq!(look(store, order.id).await, order);
    assert!(due(store, MUCH_LATER).await.is_empty());
}
