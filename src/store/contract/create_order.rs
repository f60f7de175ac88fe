//! Placing and reading orders.

use crate::{
    identity::Caller,
    orders::{LineError, Order, OrderId, Precondition, Status},
    policy::ReadOrder,
    store::{Change, Store, WriteError},
};

use super::{
    HOSTILE, administrator, at, creator, draft, line, look, namesake_in_another_tenant, permit, place,
    placed, processor, product, program_of_another_tenant, put, refused_line, staff_of_another_tenant, stock,
    stranger,
};

store_contract!(
    an_order_costs_what_the_product_table_says,
    an_order_reads_as_it_was_placed,
    a_new_price_leaves_kept_orders_alone,
    all_invalid_lines_are_reported,
    foreign_order_looks_missing,
    role_holders_read_everybodys_orders,
    hostile_text_comes_back_as_it_was_sent,
    the_largest_order_is_kept,
);

async fn an_order_costs_what_the_product_table_says(store: &dyn Store) {
    stock(store).await;
    let order = placed(store, 1).await;
    let costs: Vec<_> = order
        .lines
        .iter()
        .map(|line| (line.sku.as_str(), line.unit_price.get(), line.line_total.get()))
        .collect();
    assert_eq!(costs, [("CUP", 399, 2394), ("BEANS", 1250, 2500)]);
    assert_eq!(order.total.get(), 4894);
}

async fn an_order_reads_as_it_was_placed(store: &dyn Store) {
    stock(store).await;
    let order = placed(store, 1).await;
    let draft = draft();
    assert_eq!(look(store, order.id).await, order);
    assert_eq!((order.owner, order.status, order.version), (creator().owner(), Status::Placed, 1));
    assert_eq!((order.created_at, order.updated_at), (at(1), at(1)));
    assert_eq!((order.reference, order.currency, order.note), (draft.reference, draft.currency, draft.note));
}

async fn a_new_price_leaves_kept_orders_alone(store: &dyn Store) {
    stock(store).await;
    let before = placed(store, 1).await;
    put(store, &product("CUP", 1), Precondition::Version(1)).await.unwrap();
    assert_eq!(look(store, before.id).await, before);
    assert_eq!(placed(store, 2).await.total.get(), 2506);
}

async fn all_invalid_lines_are_reported(store: &dyn Store) {
    stock(store).await;
    let mut abroad = product("TEA", 100);
    abroad.currency = "USD".parse().unwrap();
    let mut retired = product("MUG", 100);
    retired.active = false;
    for draft in [abroad, retired] {
        put(store, &draft, Precondition::None).await.unwrap();
    }
    let mut wanted = draft();
    wanted.lines = ["NOTHING", "CUP", "TEA", "MUG"].map(|sku| line(sku, 1)).to_vec();
    match place(store, &creator(), &wanted, 1).await {
        Err(WriteError::InvalidLines(faults)) => {
            let expected = [
                (0, LineError::UnknownProduct),
                (2, LineError::CurrencyMismatch),
                (3, LineError::UnknownProduct),
            ];
            assert_eq!(faults, expected.map(|(index, fault)| refused_line(index, fault)));
        }
        other => panic!("not refused: {other:?}"),
    }
    assert_eq!(store.read_order(&permit(&administrator()), OrderId::new(at(1))).await.unwrap(), None);
}

async fn read(store: &dyn Store, caller: &Caller, id: OrderId) -> Option<Order> {
    store.read_order(&permit::<ReadOrder>(caller), id).await.unwrap()
}

async fn foreign_order_looks_missing(store: &dyn Store) {
    stock(store).await;
    let order = placed(store, 1).await;
    let missing = OrderId::new(at(2));
    let foreign =
        [namesake_in_another_tenant(), staff_of_another_tenant(), program_of_another_tenant(), stranger()];
    for other in foreign {
        assert_eq!(read(store, &other, order.id).await, None);
        assert_eq!(read(store, &other, missing).await, None);
    }
    assert_eq!(read(store, &creator(), order.id).await, Some(order));
}

async fn role_holders_read_everybodys_orders(store: &dyn Store) {
    stock(store).await;
    let order = placed(store, 1).await;
    for holder in [processor(), administrator()] {
        assert_eq!(read(store, &holder, order.id).await.as_ref(), Some(&order));
    }
}

async fn hostile_text_comes_back_as_it_was_sent(store: &dyn Store) {
    stock(store).await;
    for (seconds, text) in (1..).zip(HOSTILE) {
        let mut wanted = draft();
        wanted.reference = text.parse().unwrap();
        wanted.note = Some(text.parse().unwrap());
        let Ok(Change::Done(order)) = place(store, &creator(), &wanted, seconds).await else {
            panic!("refused: {text}");
        };
        assert_eq!((order.reference.as_str(), order.note.as_ref().unwrap().as_str()), (*text, *text));
        assert_eq!(look(store, order.id).await, order);
    }
}

async fn the_largest_order_is_kept(store: &dyn Store) {
    let mut wanted = draft();
    wanted.lines.clear();
    for index in 0..100 {
        let sku = format!("P-{index}");
        put(store, &product(&sku, 1_000_000_000), Precondition::Absent).await.unwrap();
        wanted.lines.push(line(&sku, 10_000));
    }
    let Ok(Change::Done(order)) = place(store, &creator(), &wanted, 1).await else { panic!("refused") };
    assert_eq!(order.total.get(), 1_000_000_000_000_000);
    assert_eq!(look(store, order.id).await, order);
}
