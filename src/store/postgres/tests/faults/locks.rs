//! What others have locked.

use super::*;

/// Locks that another client holds until it is dropped.
async fn lock(world: &World, statement: &'static str) -> Transaction<'static, Engine> {
    let mut other = foreign(&world.database).await;
    sqlx::query(statement).fetch_all(&mut *other).await.unwrap();
    other
}

/// Calls that need nothing that is locked: reads and new orders, many at once.
async fn others_succeed(world: &World, order: &Order) {
    let (owner, draft) = (permit(&creator()), draft());
    let call = async |number: i64| {
        if number % 2 == 0 {
            return world.read(order).await;
        }
        let id = OrderId::new(at(100 + number));
        let placed = world.store.place_order(&owner, id, &draft, None, write_context(number)).await;
        assert!(matches!(placed, Ok(Change::Done(_))), "{placed:?}");
        Ok(())
    };
    for answer in join_all((0..24).map(call)).await {
        answer.unwrap();
    }
}

/// `callers` of each of `orders` locked orders, and calls that need none of them.
async fn locked(orders: i64, callers: usize) {
    let world = World::start().await;
    let other = placed(&world.store, 0).await;
    let mut ids = Vec::new();
    for seconds in 1..=orders {
        ids.push(placed(&world.store, seconds).await.id);
    }
    let lock =
        lock(&world, "SELECT 1 FROM orders WHERE reference = 'PO-17' ORDER BY id OFFSET 1 FOR UPDATE").await;
    let owner = permit(&creator());
    let callers = ids.iter().flat_map(|id| std::iter::repeat_n(*id, callers));
    let cancelling = join_all(callers.map(|id| world.store.cancel_order(&owner, id, write_context(9))));
    let others = async {
        somebody_waits(&world).await;
        others_succeed(&world, &other).await;
    };
    let (cancelled, ()) = tokio::join!(cancelling, others);
    for answer in cancelled {
        assert!(matches!(answer, Err(WriteError::Store(StoreError::Unavailable(_)))), "{answer:?}");
    }
    lock.rollback().await.unwrap();
    for id in ids {
        let cancelled = world.store.cancel_order(&owner, id, write_context(9)).await;
        assert!(matches!(cancelled, Ok(Change::Done(_))), "{cancelled:?}");
    }
}

#[tokio::test]
async fn a_locked_order_holds_up_nothing_else() {
    locked(1, 16).await;
}

#[tokio::test]
async fn many_locked_orders_leave_half_of_the_pool_to_others() {
    locked(12, 2).await;
}

#[tokio::test]
async fn a_locked_table_is_not_a_duplicate() {
    let world = World::start().await;
    let (owner, key) = (permit(&creator()), "k".parse().unwrap());
    let place = async |seconds| {
        let id = OrderId::new(at(seconds));
        world.store.place_order(&owner, id, &draft(), Some(&key), write_context(seconds)).await
    };
    for table in [
        "LOCK TABLE idempotency_keys IN ACCESS EXCLUSIVE MODE",
        "LOCK TABLE orders IN SHARE MODE",
        "SELECT 1 FROM products FOR UPDATE",
    ] {
        let mut other = foreign(&world.database).await;
        sqlx::raw_sql(table).execute(&mut *other).await.unwrap();
        let start = Instant::now();
        let answer = place(1).await;
        assert!(matches!(answer, Err(WriteError::Store(StoreError::Unavailable(_)))), "{table}: {answer:?}");
        assert!(start.elapsed() < Duration::from_secs(4), "{table}: {:?}", start.elapsed());
        other.rollback().await.unwrap();
    }
    let answer = place(2).await;
    assert!(matches!(answer, Ok(Change::Done(_))), "{answer:?}");
}

#[tokio::test]
async fn a_duplicate_in_another_process_is_detected() {
    let world = World::start().await;
    let other = lock(&world, "INSERT INTO orders VALUES (0, 0, 0, 1, '01890a5d-ac96-774b-bcce-b302099a8057',
        '00000000-0000-0000-0000-00000000007e', '00000000-0000-0000-0000-000000000001', 'placed', 'EUR', 'PO')").await;
    let mut other = other;
    sqlx::raw_sql("INSERT INTO idempotency_keys VALUES (1777896000000000, '00000000-0000-0000-0000-00000000007e',
        '00000000-0000-0000-0000-000000000001', '01890a5d-ac96-774b-bcce-b302099a8057', sha256(''), 'k', '[]')")
        .execute(&mut *other)
        .await
        .unwrap();
    let key = "k".parse().unwrap();
    let id = OrderId::new(at(1));
    let answer =
        world.store.place_order(&permit(&creator()), id, &draft(), Some(&key), write_context(1)).await;
    assert!(matches!(answer, Err(WriteError::InProgress)), "{answer:?}");
    other.rollback().await.unwrap();
}

#[tokio::test]
async fn duplicates_in_one_process_wait_without_a_connection() {
    let world = World::start().await;
    let lock = lock(&world, "SELECT 1 FROM products WHERE sku = 'BEANS' FOR UPDATE").await;
    let (owner, key) = (permit(&creator()), "k".parse().unwrap());
    let draft = draft();
    let duplicates = join_all((0..16).map(|seconds| {
        world.store.place_order(&owner, OrderId::new(at(seconds)), &draft, Some(&key), write_context(seconds))
    }));
    let others = async {
        somebody_waits(&world).await;
        for answer in join_all((0..24).map(|_| world.store.ping())).await {
            answer.unwrap();
        }
        lock.rollback().await.unwrap();
    };
    let (duplicates, ()) = tokio::join!(duplicates, others);
    let placed = duplicates.iter().filter(|duplicate| matches!(duplicate, Ok(Change::Done(_)))).count();
    let again = duplicates.iter().filter(|duplicate| matches!(duplicate, Ok(Change::Unchanged(_)))).count();
    assert_eq!((placed, again), (1, 15), "{duplicates:?}");
}
