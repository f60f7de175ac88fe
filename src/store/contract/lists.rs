//! Lists and their pages.

use uuid::Uuid;

use crate::{
    identity::Caller,
    orders::{Order, OrderId, Page, PageRequest, Precondition, Sku},
    policy::{AccessScope, ListAllOrders, ListOwnOrders},
    store::{Change, Store},
};

use super::{
    administrator, creator, draft, letter, namesake_in_another_tenant, permit, place, processor, product,
    program_of_another_tenant, put, staff_of_another_tenant, stock, stranger, write_context,
};

store_contract!(
    order_pages_have_no_gap_and_no_repeat,
    pages_stay_complete_while_orders_arrive,
    callers_list_only_their_own_orders,
    a_cursor_grants_nothing,
    role_holders_list_all_orders,
    role_holders_list_no_order_of_another_tenant,
    product_pages_are_sorted_by_sku,
    only_administrators_see_inactive_products,
    dead_letter_pages_are_newest_first,
);

fn own(caller: &Caller) -> AccessScope {
    permit::<ListOwnOrders>(caller).scope()
}

fn all(caller: &Caller) -> AccessScope {
    permit::<ListAllOrders>(caller).scope()
}

async fn place_for(store: &dyn Store, caller: &Caller, seconds: i64) -> Order {
    match place(store, caller, &draft(), seconds).await {
        Ok(Change::Done(order)) => order,
        other => panic!("not placed: {other:?}"),
    }
}

/// This many orders of the creator's, newest first, each between two of a stranger's.
async fn orders(store: &dyn Store, count: i64) -> Vec<Order> {
    stock(store).await;
    let mut orders = Vec::new();
    for seconds in 0..count {
        place_for(store, &stranger(), 2 * seconds).await;
        orders.insert(0, place_for(store, &creator(), 2 * seconds + 1).await);
    }
    orders
}

async fn page(store: &dyn Store, scope: AccessScope, after: Option<OrderId>, limit: u32) -> Page<Order> {
    store.list_orders(scope, &PageRequest { after, limit }).await.unwrap()
}

async fn order_pages_have_no_gap_and_no_repeat(store: &dyn Store) {
    let orders = orders(store, 7).await;
    for (limit, pages) in [(1, 7), (3, 3), (7, 1), (100, 1)] {
        let (mut listed, mut count) = (Vec::<Order>::new(), 0);
        for _ in 0..=orders.len() {
            let after = listed.last().map(|order| order.id);
            let Page { items, has_more } = page(store, own(&creator()), after, limit).await;
            listed.extend(items);
            count += 1;
            if !has_more {
                break;
            }
        }
        assert_eq!((&listed, count), (&orders, pages), "limit {limit}");
    }
}

async fn pages_stay_complete_while_orders_arrive(store: &dyn Store) {
    let orders = orders(store, 4).await;
    let newer = page(store, own(&creator()), None, 2).await.items;
    place_for(store, &creator(), 100).await;
    let older = page(store, own(&creator()), Some(newer[1].id), 2).await;
    assert_eq!([newer, older.items].concat(), orders);
    assert!(!older.has_more);
}

async fn callers_list_only_their_own_orders(store: &dyn Store) {
    let orders = orders(store, 3).await;
    assert_eq!(page(store, own(&creator()), None, 100).await.items, orders);
    let foreign = page(store, own(&stranger()), None, 100).await.items;
    assert_eq!(foreign.len(), 3);
    assert!(foreign.iter().all(|order| order.owner == stranger().owner()));
    for other in [namesake_in_another_tenant(), administrator()] {
        let listed = page(store, own(&other), None, 100).await;
        assert!(listed.items.is_empty() && !listed.has_more);
    }
}

async fn a_cursor_grants_nothing(store: &dyn Store) {
    let orders = orders(store, 3).await;
    let listed = page(store, own(&stranger()), Some(orders[0].id), 100).await.items;
    assert_eq!(listed.len(), 3);
    assert!(listed.iter().all(|order| order.owner == stranger().owner()));
}

async fn role_holders_list_all_orders(store: &dyn Store) {
    orders(store, 3).await;
    for holder in [processor(), administrator()] {
        let Page { items, has_more } = page(store, all(&holder), None, 4).await;
        assert_eq!((items.len(), has_more), (4, true));
        let rest = page(store, all(&holder), Some(items[3].id), 4).await;
        assert_eq!((rest.items.len(), rest.has_more), (2, false));
        let ids: Vec<_> = items.iter().chain(&rest.items).map(|order| order.id).collect();
        assert!(ids.is_sorted_by(|newer, older| newer > older));
    }
}

async fn role_holders_list_no_order_of_another_tenant(store: &dyn Store) {
    let ours = orders(store, 2).await;
    let theirs = place_for(store, &namesake_in_another_tenant(), 50).await;
    for foreign in [staff_of_another_tenant(), program_of_another_tenant()] {
        let listed = page(store, all(&foreign), None, 100).await;
        assert_eq!((&listed.items, listed.has_more), (&vec![theirs.clone()], false));
        let listed = page(store, all(&foreign), Some(ours[0].id), 100).await;
        assert!(listed.items.is_empty(), "a cursor grants nothing");
    }
    let listed = page(store, all(&administrator()), None, 100).await;
    assert_eq!(listed.items.len(), 4);
    assert!(!listed.items.contains(&theirs));
}

async fn shelf(store: &dyn Store, caller: &Caller, after: Option<&str>, limit: u32) -> (Vec<String>, bool) {
    let after = after.map(|sku| sku.parse::<Sku>().unwrap());
    let listed = store.list_products(&permit(caller), &PageRequest { after, limit }).await.unwrap();
    (listed.items.into_iter().map(|product| product.sku.to_string()).collect(), listed.has_more)
}

async fn product_pages_are_sorted_by_sku(store: &dyn Store) {
    for sku in ["B", "A-", "A", "0", "A0"] {
        put(store, &product(sku, 1), Precondition::None).await.unwrap();
    }
    let words = |skus: &[&str]| skus.iter().map(ToString::to_string).collect::<Vec<_>>();
    assert_eq!(shelf(store, &creator(), None, 3).await, (words(&["0", "A", "A-"]), true));
    assert_eq!(shelf(store, &creator(), Some("A-"), 3).await, (words(&["A0", "B"]), false));
    assert_eq!(shelf(store, &creator(), Some("ZZZ"), 3).await, (words(&[]), false));
}

async fn only_administrators_see_inactive_products(store: &dyn Store) {
    stock(store).await;
    let mut retired = product("MUG", 1);
    retired.active = false;
    put(store, &retired, Precondition::None).await.unwrap();
    assert_eq!(shelf(store, &creator(), None, 9).await.0, ["BEANS", "CUP"]);
    assert_eq!(shelf(store, &processor(), None, 9).await.0, ["BEANS", "CUP"]);
    assert_eq!(shelf(store, &administrator(), None, 9).await.0, ["BEANS", "CUP", "MUG"]);
}

async fn dead_letter_pages_are_newest_first(store: &dyn Store) {
    for (seconds, tail) in (0..).zip(0..5) {
        let letter = letter(&[0xff, 0, tail], seconds);
        store.record_dead_letter(&letter, None, write_context(seconds)).await.unwrap();
    }
    let (mut listed, mut after) = (Vec::<Uuid>::new(), None);
    for _ in 0..=5 {
        let page = PageRequest { after, limit: 2 };
        let Page { items, has_more } =
            store.list_dead_letters(&permit(&administrator()), &page).await.unwrap();
        listed.extend(items.iter().map(|letter| letter.id));
        after = listed.last().copied();
        if !has_more {
            break;
        }
    }
    assert_eq!(listed.len(), 5);
    assert!(listed.is_sorted_by(|newer, older| newer > older));
}
