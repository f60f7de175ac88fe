//! Units of work that meet each other, or their own lost answers.

use std::{
    collections::BTreeSet,
    time::{Duration, Instant},
};

use tokio::time::{interval, timeout};

use super::*;
use crate::orders::Status;

/// Long enough for any machine, and shorter than the duplicate that would be waited for.
const SOON: Duration = Duration::from_secs(30);

#[tokio::test]
async fn a_repeated_order_is_placed_once() {
    let (_database, store) = migrated().await;
    stock(&store).await;
    let (id, draft) = (OrderId::new(at(1)), draft());
    for _ in 0..2 {
        let placed = store.place_order(&permit(&creator()), id, &draft, None, write_context(1)).await;
        assert!(
            matches!(&placed, Ok(Change::Done(order)) if order.id == id && order.version == 1),
            "{placed:?}"
        );
    }
    assert_eq!(texts(&store, "SELECT action FROM order_history").await, ["place"]);
}

#[tokio::test]
async fn a_duplicate_waits_at_most_two_seconds() {
    let (database, store) = migrated().await;
    stock(&store).await;
    let key: IdempotencyKey = "k".parse().unwrap();
    let (creator, draft) = (permit(&creator()), draft());
    let place = async |seconds| {
        let id = OrderId::new(at(seconds));
        store.place_order(&creator, id, &draft, Some(&key), write_context(seconds)).await
    };
    let first = place(0).await;
    assert!(matches!(first, Ok(Change::Done(_))), "{first:?}");
    let mut other = foreign(&database).await;
    sqlx::query("UPDATE idempotency_keys SET created_at = created_at").execute(&mut *other).await.unwrap();
    let day = 24 * 60 * 60;
    let start = Instant::now();
    let duplicate = timeout(SOON, place(day)).await.expect("no call waits for ever");
    assert!(matches!(duplicate, Err(WriteError::InProgress)), "{duplicate:?}");
    assert!(start.elapsed() >= Duration::from_millis(1500), "{:?}", start.elapsed());
    other.rollback().await.unwrap();
    let second = place(day).await;
    assert!(matches!(second, Ok(Change::Done(_))), "{second:?}");
    let third = place(day + 1).await;
    assert!(matches!(third, Ok(Change::Unchanged(_))), "{third:?}");
}

#[tokio::test]
async fn simultaneous_duplicates_make_one_order() {
    let (_database, store) = migrated().await;
    stock(&store).await;
    let key: IdempotencyKey = "k".parse().unwrap();
    let (creator, draft) = (permit(&creator()), draft());
    let place = async |seconds| {
        let id = OrderId::new(at(seconds));
        store
            .place_order(&creator, id, &draft, Some(&key), write_context(seconds))
            .await
            .unwrap()
            .into_inner()
    };
    let (one, two, three, four) = tokio::join!(place(1), place(2), place(3), place(4));
    assert!(one == two && two == three && three == four);
    assert_eq!(texts(&store, "SELECT CAST(id AS TEXT) FROM orders").await.len(), 1);
}

#[tokio::test]
async fn waiting_writes_return_the_updated_lines() {
    let (database, store) = migrated().await;
    stock(&store).await;
    let (cancelled, processed) = (placed(&store, 1).await.id, placed(&store, 2).await.id);
    let mut other = foreign(&database).await;
    let update = "UPDATE orders SET version = 2; DELETE FROM order_lines WHERE position = 1";
    sqlx::raw_sql(update).execute(&mut *other).await.unwrap();
    let update = async {
        timeout(SOON, both_wait(&store)).await.expect("they wait for the update");
        other.commit().await.unwrap();
    };
    let message = message_for(processed, 3);
    let (owner, clerk) = (permit(&creator()), permit(&processor()));
    let (cancelled, processed, ()) = tokio::join!(
        store.cancel_order(&owner, cancelled, write_context(3)),
        store.queue_order(&clerk, &message, at(3), write_context(3)),
        update,
    );
    let Ok(Change::Done(cancelled)) = cancelled else { panic!("not cancelled") };
    let Ok(Change::Done(processed)) = processed else { panic!("not queued") };
    assert_eq!(
        [(cancelled.version, cancelled.lines.len()), (processed.version, processed.lines.len())],
        [(3, 1); 2]
    );
}

/// Until two statements have waited for what another transaction changed.
async fn both_wait(store: &Postgres) {
    let waiting =
        "SELECT query FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()";
    let (mut look_again, mut seen) = (interval(Duration::from_millis(5)), BTreeSet::new());
    while seen.len() < 2 {
        seen.extend(texts(store, waiting).await);
        look_again.tick().await;
    }
}

#[tokio::test]
async fn new_lines_may_reorder_the_old_skus() {
    let (_database, store) = migrated().await;
    stock(&store).await;
    let order = placed(&store, 1).await;
    let mut lines = draft().lines;
    lines.reverse();
    let revision = OrderRevision { reference: "PO-18".parse().unwrap(), lines, note: None };
    let version = Precondition::Version(1);
    let changed = store
        .update_order(&permit(&creator()), order.id, &revision, version, write_context(2))
        .await
        .unwrap();
    let skus: Vec<_> = changed.lines.iter().map(|line| line.sku.as_str()).collect();
    assert_eq!((changed.version, changed.total, skus), (2, order.total, vec!["BEANS", "CUP"]));
    assert_eq!(store.read_order(&permit(&creator()), order.id).await.unwrap(), Some(changed));
}

/// No index holds the positions.
#[tokio::test]
async fn updates_at_once_leave_every_position_once() {
    let (_database, store) = migrated().await;
    stock(&store).await;
    let (order, owner, version) = (placed(&store, 1).await, permit(&creator()), Precondition::Version(1));
    let revisions = (0..4).map(|number| {
        let mut lines = draft().lines;
        lines.rotate_left(number % 2);
        lines.truncate(1 + number / 2);
        OrderRevision { reference: "PO-18".parse().unwrap(), lines, note: None }
    });
    let revisions: Vec<_> = revisions.collect();
    let update =
        |number: usize| store.update_order(&owner, order.id, &revisions[number], version, write_context(2));
    let (one, two, three, four) = tokio::join!(update(0), update(1), update(2), update(3));
    let won: Vec<_> = [one, two, three, four].into_iter().filter_map(Result::ok).collect();
    let stored = "SELECT concat_ws(' ', position, sku) FROM order_lines ORDER BY position, sku";
    let lines = won[0].lines.iter().enumerate().map(|(position, line)| format!("{position} {}", line.sku));
    assert_eq!((won.len(), texts(&store, stored).await), (1, lines.collect::<Vec<_>>()));
}

#[tokio::test]
async fn relays_skip_messages_locked_by_another() {
    let (database, store) = migrated().await;
    stock(&store).await;
    for seconds in 0..3 {
        queued(&store, seconds).await;
    }
    let mut other = foreign(&database).await;
    let taken = sqlx::query("SELECT 1 FROM outbox ORDER BY created_at LIMIT 2 FOR UPDATE");
    taken.execute(&mut *other).await.unwrap();
    let due = store
        .take_due_messages(at(500), chrono::TimeDelta::minutes(2), RelayBatch::up_to(500), Hold::None)
        .await
        .unwrap();
    assert_eq!(due.len(), 1);
}

#[tokio::test]
async fn an_inconsistent_row_is_an_error() {
    let (_database, store) = migrated().await;
    stock(&store).await;
    let order = placed(&store, 1).await;
    run(&store, "UPDATE orders SET reference = ''").await;
    let read = store.read_order(&permit(&creator()), order.id).await;
    assert!(
        matches!(read, Err(StoreError::Inconsistent { table: "orders", column: "reference" })),
        "{read:?}"
    );
}

#[tokio::test]
async fn a_deadlock_is_resolved_without_an_error_for_the_caller() {
    let (database, store) = migrated().await;
    stock(&store).await;
    let (id, message) = queued(&store, 1).await;
    let mut other = foreign(&database).await;
    sqlx::query("UPDATE orders SET note = NULL").execute(&mut *other).await.unwrap();
    let deciding = store.record_decision(&message, Decision::Fulfilled, write_context(2));
    let crossing = async {
        // Deciding holds the outbox row by now, or will find it held: either way the two wait for each other.
        let held = "SELECT 1 FROM outbox FOR UPDATE NOWAIT";
        while sqlx::query(held).execute(store.pool.for_reads()).await.is_ok() {
            tokio::task::yield_now().await;
        }
        let crossed = sqlx::query("UPDATE outbox SET sent = sent").execute(&mut *other).await;
        if crossed.is_ok() { other.commit().await } else { other.rollback().await }
    };
    let (decided, _) = tokio::join!(deciding, crossing);
    decided.unwrap();
    let order = store.read_order(&permit(&processor()), id).await.unwrap().unwrap();
    assert_eq!(order.status, Status::Fulfilled);
}
