//! What only this engine promises: a file, opened late, shared by processes, and whole after every interruption.

use std::{fs, future::poll_fn, path::PathBuf, pin::pin, task::Poll};

use chrono::TimeDelta;
use tempfile::TempDir;

use super::*;
use crate::store::contract::{
    administrator, at, creator, draft, incoming, letter, message_for, permit, place_under, placed, processor,
    product, queued, stock, write_context,
};

mod faults;
mod probe;
mod upgrade;

struct Folder(TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn file(&self) -> PathBuf {
        self.0.path().join("below").join("orders.db")
    }

    fn open(&self) -> Sqlite {
        self.open_with(4)
    }

    fn open_with(&self, connections: u32) -> Sqlite {
        Sqlite::open(&format!("sqlite://{}", self.file().display()), connections).unwrap()
    }
}

async fn rows(store: &Sqlite, statement: &'static str) -> Vec<String> {
    let mut transaction = store.read().await.unwrap();
    let rows = sqlx::query_scalar(statement).fetch_all(&mut *transaction).await.unwrap();
    transaction.rollback().await;
    rows
}

#[tokio::test]
async fn the_first_use_creates_folder_and_file() {
    let folder = Folder::new();
    let store = folder.open();
    assert!(!folder.file().parent().unwrap().exists());
    store.ping().await.unwrap();
    assert!(folder.file().exists());
}

#[tokio::test]
async fn calls_succeed_again_after_an_outage() {
    let folder = Folder::new();
    let store = folder.open();
    let obstacle = folder.file().parent().unwrap().to_owned();
    fs::write(&obstacle, "no folder").unwrap();
    let due = store.take_due_messages(at(0), TimeDelta::minutes(2), RelayBatch::up_to(1), Hold::None).await;
    assert!(matches!(due, Err(StoreError::Unavailable(_))), "{due:?}");
    for answer in [store.ping().await, store.migrate().await] {
        assert!(matches!(answer, Err(StoreError::Unavailable(_))), "{answer:?}");
    }
    fs::remove_file(&obstacle).unwrap();
    stock(&store).await;
}

#[test]
fn an_invalid_url_is_refused_without_showing_it() {
    for url in [
        "mysql://u:hunter2@h/db",
        "hunter2.db",
        "",
        "sqlite::memory:",
        "sqlite://x?mode=memory",
        "sqlite://hunter2?no=1",
    ] {
        let refused = crate::store::open(url, 4, None, crate::store::Pooler::None)
            .err()
            .unwrap_or_else(|| panic!("opened {url}"));
        assert!(!refused.to_string().contains("hunter2"), "{refused}");
    }
}

#[tokio::test]
async fn orders_survive_a_restart() {
    let folder = Folder::new();
    let before = folder.open();
    stock(&before).await;
    let order = placed(&before, 1).await;
    // Nothing is closed: a killed process closes nothing either.
    let after = folder.open();
    assert_eq!(after.read_order(&permit(&administrator()), order.id).await.unwrap(), Some(order));
}

#[tokio::test]
async fn writers_of_two_processes_wait_for_each_other() {
    let folder = Folder::new();
    let one = folder.open();
    stock(&one).await;
    let other = folder.open();
    let write = async |store: &Sqlite, start: i64| {
        for seconds in start..start + 25 {
            queued(store, seconds).await;
        }
    };
    tokio::join!(write(&one, 0), write(&one, 100), write(&other, 200), write(&other, 300));
    assert_eq!(rows(&one, "SELECT CAST(count(*) AS TEXT) FROM outbox").await, ["100"]);
}

#[tokio::test]
async fn every_version_has_one_history_row() {
    let folder = Folder::new();
    let store = folder.open();
    stock(&store).await;
    let (_, message) = queued(&store, 1).await;
    store.record_decision(&message, Decision::Rejected, write_context(3)).await.unwrap();
    let (_, poisoned) = queued(&store, 4).await;
    store
        .record_dead_letter(&letter(&poisoned.encode(), 5), Some(&poisoned), write_context(5))
        .await
        .unwrap();
    let history = rows(
        &store,
        "SELECT version || ' ' || action || ' ' || coalesce(from_status, '-') || ' ' || to_status || ' ' ||
             actor_kind || ' ' || coalesce(substr(actor_object, 36), '-') || ' ' || substr(invocation_id, 33)
         FROM order_history ORDER BY order_id, version",
    )
    .await;
    assert_eq!(
        history,
        [
            "1 place - placed user 1 ca11",
            "2 process placed queued user 3 ca11",
            "3 reject queued rejected system - ca11",
            "1 place - placed user 1 ca11",
            "2 process placed queued user 3 ca11",
            "3 fail queued failed system - ca11",
        ]
    );
}

/// Polls this many times, then drops the future.
async fn interrupted<T>(polls: usize, work: impl Future<Output = T>) -> Option<T> {
    let mut work = pin!(work);
    let mut left = polls;
    poll_fn(|context| match work.as_mut().poll(context) {
        Poll::Ready(done) => Poll::Ready(Some(done)),
        Poll::Pending if left == 0 => Poll::Ready(None),
        Poll::Pending => {
            left -= 1;
            Poll::Pending
        }
    })
    .await
}

/// A draft with its own reference.
fn under(reference: &str) -> OrderDraft {
    OrderDraft { reference: reference.parse().unwrap(), ..draft() }
}

const TORN: &str = "
    SELECT 'order without lines: ' || id FROM orders WHERE id NOT IN (SELECT order_id FROM order_lines)
    UNION ALL
    SELECT 'keyed order without key: ' || id FROM orders
        WHERE reference = 'KEYED' AND id NOT IN (SELECT order_id FROM idempotency_keys)
    UNION ALL
    SELECT 'received without order, or order without receipt' WHERE
        (SELECT count(*) FROM orders WHERE reference = 'INGESTED')
        <> (SELECT count(*) FROM inbox WHERE binding = 'incoming')
    UNION ALL
    SELECT 'wrong total: ' || id FROM orders
        WHERE total <> (SELECT sum(line_total) FROM order_lines WHERE order_id = id)
    UNION ALL
    SELECT 'version without history: ' || id FROM orders
        WHERE version <> (SELECT count(*) FROM order_history WHERE order_id = id)
    UNION ALL
    SELECT 'queued without message: ' || id FROM orders WHERE status = 'queued'
        AND NOT EXISTS (SELECT 1 FROM outbox WHERE instr(CAST(payload AS TEXT), id) AND consumed_at IS NULL)
    UNION ALL
    SELECT 'decided with an open message: ' || id FROM orders WHERE status = 'fulfilled'
        AND EXISTS (SELECT 1 FROM outbox WHERE instr(CAST(payload AS TEXT), id) AND consumed_at IS NULL)";

#[tokio::test]
async fn an_interrupted_unit_of_work_leaves_nothing_half_done() {
    let folder = Folder::new();
    let store = folder.open();
    stock(&store).await;
    let (mut finished, mut torn) = ([0; 6], Vec::new());
    for (polls, seconds) in (0..90).zip(0..) {
        let (order, draft) = (OrderId::new(at(seconds)), under("KEYED"));
        let (place, process) = (permit(&creator()), permit(&processor()));
        let key = format!("k{seconds}").parse().unwrap();
        let placing = store.place_order(&place, order, &draft, Some(&key), write_context(seconds));
        finished[0] += usize::from(interrupted(polls, placing).await.is_some());

        let message = incoming(seconds.cast_unsigned().into(), under("INGESTED"), b"m");
        let ingesting = store.ingest_order(&message, OrderId::new(at(seconds)), write_context(seconds));
        finished[3] += usize::from(interrupted(polls, ingesting).await.is_some());

        let (order, change) = (placed(&store, seconds).await.id, permit(&creator()));
        let revision = OrderRevision {
            reference: "CHANGED".parse().unwrap(),
            lines: draft.lines[..1].into(),
            note: None,
        };
        let updating =
            store.update_order(&change, order, &revision, Precondition::Version(1), write_context(seconds));
        finished[4] += usize::from(interrupted(polls, updating).await.is_some());

        let (_, message) = queued(&store, seconds).await;
        let mut letter = letter(&message.encode(), seconds);
        letter.queue = "orders-fulfilment".to_owned();
        store.record_dead_letter(&letter, Some(&message), write_context(seconds)).await.unwrap();
        let replay = permit(&administrator());
        let replaying = store.replay_dead_letter(&replay, letter.id, write_context(seconds));
        finished[5] += usize::from(interrupted(polls, replaying).await.is_some());

        let message = message_for(placed(&store, seconds).await.id, seconds);
        let queueing = store.queue_order(&process, &message, at(seconds), write_context(seconds));
        finished[1] += usize::from(interrupted(polls, queueing).await.is_some());

        let (_, message) = queued(&store, seconds).await;
        let deciding = store.record_decision(&message, Decision::Fulfilled, write_context(seconds));
        finished[2] += usize::from(interrupted(polls, deciding).await.is_some());
        torn.extend(rows(&store, TORN).await);
    }
    assert!(torn.is_empty(), "{torn:?}");
    assert!(
        finished.iter().all(|finished| (1..90).contains(finished)),
        "cut short and run out: {finished:?}"
    );
}

#[tokio::test]
async fn a_newer_schema_is_left_alone() {
    let folder = Folder::new();
    let newer = folder.open();
    stock(&newer).await;
    sqlx::query("INSERT INTO _sqlx_migrations VALUES (9999, 'of a later version', 0, TRUE, x'00', 1)")
        .execute(&newer.writer)
        .await
        .unwrap();
    placed(&folder.open(), 1).await;
}

#[tokio::test]
async fn an_inconsistent_row_is_an_error() {
    let folder = Folder::new();
    let store = folder.open();
    stock(&store).await;
    let order = placed(&store, 1).await;
    sqlx::query("UPDATE orders SET reference = ''").execute(&store.writer).await.unwrap();
    let read = store.read_order(&permit(&creator()), order.id).await;
    assert!(
        matches!(read, Err(StoreError::Inconsistent { table: "orders", column: "reference" })),
        "{read:?}"
    );
}

#[tokio::test]
async fn a_duplicate_gives_up_after_two_seconds() {
    let folder = Folder::new();
    let (store, elsewhere) = (folder.open(), folder.open());
    stock(&store).await;
    let caller = creator();
    let of_another_process = elsewhere.write().await.unwrap();
    // The first holds this process's turn to write, and waits for the other process's.
    let first = async { place_under(&store, &caller, "k", &draft(), 1).await };
    let others = async {
        let stranger = permit(&creator());
        let (id, key) = (OrderId::new(at(3)), "other".parse().unwrap());
        let (order, draft) = (draft(), draft());
        let duplicate = place_under(&store, &caller, "k", &order, 2);
        let other = store.place_order(&stranger, id, &draft, Some(&key), write_context(3));
        let given_up = tokio::join!(duplicate, other);
        drop(of_another_process);
        given_up
    };
    let (first, (duplicate, other)) = tokio::join!(first, others);
    assert!(matches!(first, Ok(Change::Done(_))), "{first:?}");
    assert!(matches!(duplicate, Err(WriteError::InProgress)), "{duplicate:?}");
    assert!(matches!(other, Err(WriteError::Store(StoreError::Unavailable(_)))), "{other:?}");
    let again = place_under(&store, &caller, "k", &draft(), 4).await;
    assert!(matches!(again, Ok(Change::Unchanged(_))), "{again:?}");
}

#[tokio::test]
async fn a_writer_blocks_writers_but_no_readers() {
    let folder = Folder::new();
    let store = folder.open();
    stock(&store).await;
    let order = placed(&store, 1).await;
    let writing = store.write().await.unwrap();
    assert_eq!(store.read_order(&permit(&creator()), order.id).await.unwrap(), Some(order));
    let (permit, product) = (permit(&administrator()), product("MUG", 1));
    let blocked = store.put_product(&permit, &product, Precondition::None, write_context(2)).await;
    assert!(
        matches!(blocked, Err(WriteError::Store(StoreError::Unavailable(sqlx::Error::PoolTimedOut)))),
        "{blocked:?}"
    );
    drop(writing);
    let written = store.put_product(&permit, &product, Precondition::None, write_context(2)).await;
    assert!(written.is_ok(), "{written:?}");
}
