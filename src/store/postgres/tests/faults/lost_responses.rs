//! Changes that were committed, and whose answers never came.

use super::*;
use crate::{
    orders::Status,
    store::{
        Conflict,
        contract::{incoming, letter, queued},
    },
};

const LOCK_ORDERS: &str = "SELECT 1 FROM orders FOR UPDATE";

/// Runs a change whose first answer is lost. It waits for `lock` until its turn to be lost has come, and `done` gives
/// `true` once it is committed.
async fn losing<T>(
    world: &World,
    lock: &'static str,
    done: &'static str,
    change: impl Future<Output = T>,
) -> T {
    let mut other = foreign(&world.database).await;
    sqlx::raw_sql(lock).execute(&mut *other).await.unwrap();
    let committing = async {
        somebody_waits(world).await;
        world.proxy.silence_after_commit(true);
        other.rollback().await.unwrap();
        let mut connection = PgConnection::connect(&world.database.url()).await.unwrap();
        while !sqlx::query_scalar::<_, bool>(done).fetch_one(&mut connection).await.unwrap() {
            sleep(Duration::from_millis(10)).await;
        }
        world.proxy.silence_after_commit(false);
    };
    timeout(HEALED, async { tokio::join!(change, committing).0 }).await.expect("its answer is lost")
}

async fn world_with_order() -> (World, Order) {
    let world = World::start().await;
    let order = placed(&world.store, 1).await;
    (world, order)
}

#[tokio::test]
async fn an_update_with_a_lost_response_is_recognized() {
    let (world, order) = world_with_order().await;
    let draft = draft();
    let revision = OrderRevision { reference: "PO-18".parse().unwrap(), lines: draft.lines, note: None };
    let owner = permit(&creator());
    let update =
        world.store.update_order(&owner, order.id, &revision, Precondition::Version(1), write_context(2));
    let updated = losing(&world, LOCK_ORDERS, "SELECT version = 2 FROM orders", update).await;
    let Ok(updated) = updated else { panic!("{updated:?}") };
    assert_eq!((updated.version, updated.reference.as_str()), (2, "PO-18"));
    let stale = world
        .store
        .update_order(&owner, order.id, &revision, Precondition::Version(1), write_context(3))
        .await;
    assert!(matches!(stale, Err(WriteError::PreconditionFailed)), "{stale:?}");
}

#[tokio::test]
async fn a_cancellation_with_a_lost_response_is_recognized() {
    let (world, order) = world_with_order().await;
    let owner = permit(&creator());
    let cancel = world.store.cancel_order(&owner, order.id, write_context(2));
    let cancelled = losing(&world, LOCK_ORDERS, "SELECT status = 'cancelled' FROM orders", cancel).await;
    assert!(matches!(&cancelled, Ok(Change::Done(order)) if order.version == 2), "{cancelled:?}");
    let again = world.store.cancel_order(&owner, order.id, write_context(3)).await;
    assert!(matches!(again, Ok(Change::Unchanged(_))), "{again:?}");
}

#[tokio::test]
async fn a_queueing_with_a_lost_response_is_recognized() {
    let (world, order) = world_with_order().await;
    let (clerk, message) = (permit(&processor()), message_for(order.id, 2));
    let queue = world.store.queue_order(&clerk, &message, at(122), write_context(2));
    let queued = losing(&world, LOCK_ORDERS, "SELECT status = 'queued' FROM orders", queue).await;
    assert!(matches!(&queued, Ok(Change::Done(order)) if order.version == 2), "{queued:?}");
    let again = world.store.queue_order(&clerk, &message_for(order.id, 3), at(123), write_context(3)).await;
    assert!(matches!(again, Ok(Change::Unchanged(_))), "{again:?}");
}

#[tokio::test]
async fn a_product_with_a_lost_response_is_recognized() {
    let (world, _) = world_with_order().await;
    let (admin, cup) = (permit(&administrator()), product("MUG", 700));
    let put = world.store.put_product(&admin, &cup, Precondition::Absent, write_context(2));
    let lock = "INSERT INTO products VALUES ('MUG', 'Mug', 'EUR', 1, true, 1, 0)";
    let written = losing(&world, lock, "SELECT count(*) = 3 FROM products", put).await;
    assert!(matches!(&written, Ok(mug) if mug.version == 1), "{written:?}");
    let again = world.store.put_product(&admin, &cup, Precondition::Absent, write_context(3)).await;
    assert!(matches!(again, Err(WriteError::PreconditionFailed)), "{again:?}");
}

#[tokio::test]
async fn a_replay_with_a_lost_response_is_recognized() {
    let (world, _) = world_with_order().await;
    let (admin, mut letter) = (permit(&administrator()), letter(b"{", 2));
    letter.queue = "orders-fulfilment".to_owned();
    world.store.record_dead_letter(&letter, None, write_context(2)).await.unwrap();
    let replay = world.store.replay_dead_letter(&admin, letter.id, write_context(3));
    let replayed = losing(
        &world,
        "SELECT 1 FROM dead_letters FOR UPDATE",
        "SELECT replayed_at IS NOT NULL FROM dead_letters",
        replay,
    )
    .await;
    assert!(replayed.is_ok(), "{replayed:?}");
    let again = world.store.replay_dead_letter(&admin, letter.id, write_context(4)).await;
    assert!(matches!(again, Err(WriteError::Conflict(Conflict::Replay))), "{again:?}");
}

#[tokio::test]
async fn a_decision_with_a_lost_response_is_recognized() {
    let world = World::start().await;
    let (_, message) = queued(&world.store, 1).await;
    let decide = world.store.record_decision(&message, Decision::Fulfilled, write_context(2));
    let decided = losing(&world, LOCK_ORDERS, "SELECT status = 'fulfilled' FROM orders", decide).await;
    assert!(matches!(decided, Ok(true)), "{decided:?}");
    let again = world.store.record_decision(&message, Decision::Fulfilled, write_context(3)).await;
    assert!(matches!(again, Ok(false)), "{again:?}");
}

#[tokio::test]
async fn a_dead_letter_with_a_lost_response_is_recognized() {
    let world = World::start().await;
    let (_, message) = queued(&world.store, 1).await;
    let letter = letter(message.encode().as_ref(), 2);
    let record = world.store.record_dead_letter(&letter, Some(&message), write_context(2));
    let recorded = losing(&world, LOCK_ORDERS, "SELECT status = 'failed' FROM orders", record).await;
    let recorded = recorded.unwrap();
    assert_eq!((recorded.recorded, recorded.order_failed), (Some(letter.reason), true));
    let again = world.store.record_dead_letter(&letter, Some(&message), write_context(3)).await.unwrap();
    assert_eq!((again.recorded, again.order_failed), (None, false));
}

#[tokio::test]
async fn an_ingestion_with_a_lost_response_is_recognized() {
    let (world, _) = world_with_order().await;
    let message = incoming(1, draft(), b"m");
    let id = OrderId::new(at(2));
    let ingest = world.store.ingest_order(&message, id, write_context(2));
    let lock = "SELECT 1 FROM products FOR UPDATE";
    let ingested = losing(&world, lock, "SELECT count(*) = 2 FROM orders", ingest).await;
    let Ok(Change::Done(order)) = ingested else { panic!("{ingested:?}") };
    assert_eq!(order.id, id);
    let again = world.store.ingest_order(&message, OrderId::new(at(3)), write_context(3)).await;
    assert!(matches!(again, Ok(Change::Unchanged(()))), "{again:?}");
}

#[tokio::test]
async fn an_order_with_a_lost_response_is_placed_once() {
    let (world, _) = world_with_order().await;
    let (owner, draft, key) = (permit(&creator()), draft(), "k".parse().unwrap());
    for (seconds, key, wanted) in
        [(2, None, "SELECT count(*) = 2 FROM orders"), (3, Some(&key), "SELECT count(*) = 3 FROM orders")]
    {
        let id = OrderId::new(at(seconds));
        let place = world.store.place_order(&owner, id, &draft, key, write_context(seconds));
        let placed = losing(&world, "SELECT 1 FROM products FOR UPDATE", wanted, place).await;
        let Ok(Change::Done(order)) = placed else { panic!("{placed:?}") };
        assert_eq!((order.id, order.status), (id, Status::Placed));
    }
    assert_eq!(texts(&world.engine, "SELECT CAST(id AS TEXT) FROM orders").await.len(), 3);
}
