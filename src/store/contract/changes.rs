//! Changing and taking back orders.

use crate::{
    identity::Caller,
    orders::{LineError, Order, OrderId, OrderRevision, Precondition, Status},
    store::{Change, Conflict, Store, WriteError},
};

use super::{
    administrator, at, creator, line, look, namesake_in_another_tenant, permit, placed, processor, product,
    put, queue, queued, refused_line, staff_of_another_tenant, stock, stranger, write_context,
};

store_contract!(
    an_update_reprices_the_lines,
    one_of_two_concurrent_updates_wins,
    only_the_creator_changes_an_order,
    lines_are_checked_before_anything_else,
    an_update_without_a_version_is_refused_first,
    only_placed_orders_are_updated,
    an_order_is_cancelled_once,
    administrators_cancel_any_order,
    administrators_cancel_nothing_in_other_tenants,
    either_cancelling_or_queueing_wins,
);

fn revision() -> OrderRevision {
    OrderRevision { reference: "PO-18".parse().unwrap(), lines: vec![line("BEANS", 3)], note: None }
}

async fn update(
    store: &dyn Store,
    caller: &Caller,
    id: OrderId,
    precondition: Precondition,
    seconds: i64,
) -> Result<Order, WriteError> {
    let permit = permit(caller);
    store.update_order(&permit, id, &revision(), precondition, write_context(seconds)).await
}

async fn administrators_cancel_nothing_in_other_tenants(store: &dyn Store) {
    stock(store).await;
    let order = placed(store, 1).await;
    let outcome = cancel(store, &staff_of_another_tenant(), order.id).await;
    assert!(matches!(outcome, Err(WriteError::NotFound)), "{outcome:?}");
    assert_eq!(look(store, order.id).await, order);
}

async fn cancel(store: &dyn Store, caller: &Caller, id: OrderId) -> Result<Change<Order>, WriteError> {
    store.cancel_order(&permit(caller), id, write_context(7)).await
}

async fn an_update_reprices_the_lines(store: &dyn Store) {
    stock(store).await;
    let before = placed(store, 1).await;
    put(store, &product("BEANS", 2000), Precondition::Version(1)).await.unwrap();
    let order = update(store, &creator(), before.id, Precondition::Version(1), 5).await.unwrap();
    let costs: Vec<_> = order.lines.iter().map(|line| (line.sku.as_str(), line.line_total.get())).collect();
    assert_eq!((costs, order.total.get()), (vec![("BEANS", 6000)], 6000));
    assert_eq!((order.reference.as_str(), &order.note), ("PO-18", &None));
    let kept = |order: &Order| (order.owner, order.currency, order.status, order.created_at);
    assert_eq!(kept(&order), kept(&before));
    assert_eq!((order.version, order.updated_at), (2, at(5)));
    assert_eq!(look(store, before.id).await, order);
}

async fn one_of_two_concurrent_updates_wins(store: &dyn Store) {
    stock(store).await;
    let id = placed(store, 1).await.id;
    let caller = creator();
    let outcome = tokio::join!(
        update(store, &caller, id, Precondition::Version(1), 2),
        update(store, &caller, id, Precondition::Version(1), 3),
    );
    assert!(
        matches!(
            outcome,
            (Ok(_), Err(WriteError::PreconditionFailed)) | (Err(WriteError::PreconditionFailed), Ok(_))
        ),
        "{outcome:?}"
    );
    assert_eq!(look(store, id).await.version, 2);
}

async fn only_the_creator_changes_an_order(store: &dyn Store) {
    stock(store).await;
    let order = placed(store, 1).await;
    for other in [stranger(), namesake_in_another_tenant(), processor(), administrator()] {
        for id in [order.id, OrderId::new(at(2))] {
            let answer = update(store, &other, id, Precondition::Version(1), 3).await;
            assert!(matches!(answer, Err(WriteError::NotFound)), "{answer:?}");
        }
    }
    assert_eq!(look(store, order.id).await, order);
}

async fn lines_are_checked_before_anything_else(store: &dyn Store) {
    stock(store).await;
    let order = placed(store, 1).await;
    let mut abroad = product("TEA", 100);
    abroad.currency = "USD".parse().unwrap();
    put(store, &abroad, Precondition::None).await.unwrap();
    let wanted =
        OrderRevision { lines: ["CUP", "TEA", "NOTHING"].map(|sku| line(sku, 1)).to_vec(), ..revision() };
    let refused = async |caller: &Caller| {
        let permit = permit(caller);
        match store.update_order(&permit, order.id, &wanted, Precondition::None, write_context(2)).await {
            Err(WriteError::InvalidLines(faults)) => faults,
            other => panic!("not refused: {other:?}"),
        }
    };
    assert_eq!(
        refused(&creator()).await,
        [refused_line(1, LineError::CurrencyMismatch), refused_line(2, LineError::UnknownProduct)]
    );
    assert_eq!(
        refused(&stranger()).await,
        [refused_line(2, LineError::UnknownProduct)],
        "its currency is not theirs to know"
    );
    assert_eq!(look(store, order.id).await, order);
}

async fn an_update_without_a_version_is_refused_first(store: &dyn Store) {
    stock(store).await;
    let order = placed(store, 1).await;
    for id in [order.id, OrderId::new(at(2))] {
        for precondition in [Precondition::None, Precondition::Absent] {
            let answer = update(store, &creator(), id, precondition, 3).await;
            assert!(matches!(answer, Err(WriteError::PreconditionRequired)), "{answer:?}");
        }
    }
    for precondition in
        [Precondition::Version(2), Precondition::Version(u64::MAX), Precondition::UnknownVersion]
    {
        let answer = update(store, &creator(), order.id, precondition, 3).await;
        assert!(matches!(answer, Err(WriteError::PreconditionFailed)), "{answer:?}");
    }
    assert_eq!(look(store, order.id).await, order);
}

async fn only_placed_orders_are_updated(store: &dyn Store) {
    stock(store).await;
    let (queued, _) = queued(store, 1).await;
    let cancelled = placed(store, 2).await.id;
    assert!(matches!(cancel(store, &creator(), cancelled).await, Ok(Change::Done(_))));
    for id in [queued, cancelled] {
        let before = look(store, id).await;
        let stale = update(store, &creator(), id, Precondition::Version(1), 9).await;
        assert!(matches!(stale, Err(WriteError::PreconditionFailed)), "{stale:?}");
        let late = update(store, &creator(), id, Precondition::Version(2), 9).await;
        assert!(matches!(late, Err(WriteError::Conflict(Conflict::Update))), "{late:?}");
        assert_eq!(look(store, id).await, before);
    }
}

async fn an_order_is_cancelled_once(store: &dyn Store) {
    stock(store).await;
    let id = placed(store, 1).await.id;
    let Ok(Change::Done(order)) = cancel(store, &creator(), id).await else { panic!("not taken back") };
    assert_eq!((order.status, order.version, order.updated_at), (Status::Cancelled, 2, at(7)));
    let Ok(Change::Unchanged(again)) = cancel(store, &creator(), id).await else { panic!("not already") };
    assert_eq!(again, order);
    assert!(matches!(queue(store, id, 9).await, Err(WriteError::Conflict(Conflict::Process))));
    assert_eq!(look(store, id).await, order);
}

async fn administrators_cancel_any_order(store: &dyn Store) {
    stock(store).await;
    let id = placed(store, 1).await.id;
    for other in [stranger(), namesake_in_another_tenant(), processor()] {
        assert!(matches!(cancel(store, &other, id).await, Err(WriteError::NotFound)));
    }
    assert!(matches!(cancel(store, &administrator(), id).await, Ok(Change::Done(_))));
    assert!(matches!(cancel(store, &stranger(), id).await, Err(WriteError::NotFound)));
    assert!(matches!(cancel(store, &administrator(), OrderId::new(at(2))).await, Err(WriteError::NotFound)));
}

async fn either_cancelling_or_queueing_wins(store: &dyn Store) {
    stock(store).await;
    for seconds in 0..10 {
        let id = placed(store, seconds).await.id;
        let caller = creator();
        let (cancelled, queued) = tokio::join!(cancel(store, &caller, id), queue(store, id, seconds));
        let status = look(store, id).await.status;
        match (cancelled, queued) {
            (Ok(Change::Done(_)), Err(WriteError::Conflict(Conflict::Process))) => {
                assert_eq!(status, Status::Cancelled);
            }
            (Err(WriteError::Conflict(Conflict::Cancel)), Ok(Change::Done(_))) => {
                assert_eq!(status, Status::Queued);
            }
            both => panic!("{both:?}"),
        }
    }
}
