//! What disk and other hands do to the file: each costs the calls that meet it, and the next ones succeed.

use std::error::Error as _;

use sqlx::SqlitePool;
use uuid::Uuid;

use super::*;
use crate::orders::LineDraft;

/// A pragma of one connection; no connection begins with this value.
const MARK: &str = "PRAGMA cache_size = -4321";

/// One writer and one reader, so that all calls meet the same two connections.
fn open_the_two(folder: &Folder) -> Sqlite {
    folder.open_with(2)
}

async fn is_marked(pool: &SqlitePool) -> bool {
    let size: i64 = sqlx::query_scalar("PRAGMA cache_size").fetch_one(pool).await.unwrap();
    size == -4321
}

/// Fails as a full disk does: the writer that is open now gets no more pages than the database has, which is more than
/// one.
async fn fill_the_disk(store: &Sqlite) {
    sqlx::query("PRAGMA max_page_count = 1").execute(&store.writer).await.unwrap();
}

fn why<T: std::fmt::Debug>(answer: &Result<T, StoreError>) -> String {
    let Err(StoreError::Unavailable(source)) = answer else {
        panic!("not refused as unavailable: {answer:?}")
    };
    let cause = source.source().map(ToString::to_string).unwrap_or_default();
    format!("{source}: {cause}")
}

/// More than a page, so that it needs another one.
async fn record_a_large_letter(store: &Sqlite, seconds: i64) -> Result<(), StoreError> {
    store.record_dead_letter(&letter(&vec![7; 40_000], seconds), None, write_context(seconds)).await.map(drop)
}

#[tokio::test]
async fn a_full_disk_costs_the_write_that_meets_it() {
    let folder = Folder::new();
    let store = folder.open();
    stock(&store).await;
    let order = placed(&store, 1).await;
    fill_the_disk(&store).await;
    let refused = why(&record_a_large_letter(&store, 2).await);
    assert!(refused.contains("full"), "{refused}");
    assert_eq!(store.read_order(&permit(&creator()), order.id).await.unwrap(), Some(order));
    record_a_large_letter(&store, 3).await.unwrap();
    placed(&store, 4).await;
}

#[tokio::test]
async fn a_failed_statement_closes_only_its_connection() {
    let folder = Folder::new();
    let store = open_the_two(&folder);
    stock(&store).await;
    for pool in [&store.writer, &store.readers] {
        sqlx::query(MARK).execute(pool).await.unwrap();
    }
    for mut transaction in [store.read().await.unwrap(), store.write().await.unwrap()] {
        // What SQLite does by itself when the disk fails: the transaction is over, and its owner does not know.
        sqlx::query("ROLLBACK").execute(&mut *transaction).await.unwrap();
        transaction.commit().await.unwrap_err();
    }
    assert!(!is_marked(&store.writer).await && !is_marked(&store.readers).await);
    let order = placed(&store, 1).await;
    assert_eq!(store.read_order(&permit(&creator()), order.id).await.unwrap(), Some(order));
}

#[tokio::test]
async fn no_answer_costs_a_connection() {
    let folder = Folder::new();
    let store = open_the_two(&folder);
    stock(&store).await;
    for pool in [&store.writer, &store.readers] {
        sqlx::query(MARK).execute(pool).await.unwrap();
    }
    let (nowhere, clerk, admin) = (OrderId::new(at(99)), permit(&processor()), permit(&administrator()));
    let unknown = OrderDraft {
        lines: vec![LineDraft { sku: "NONE".parse().unwrap(), ..draft().lines.remove(0) }],
        ..draft()
    };
    // Reads.
    store.ping().await.unwrap();
    store.gauges(at(0), Hold::None).await.unwrap();
    store.read_order(&permit(&creator()), nowhere).await.unwrap();
    store
        .list_orders(permit::<ReadOrder>(&creator()).scope(), &PageRequest { after: None, limit: 9 })
        .await
        .unwrap();
    store.order_history(&permit(&creator()), nowhere, &PageRequest { after: None, limit: 9 }).await.unwrap();
    store.list_products(&permit(&creator()), &PageRequest { after: None, limit: 9 }).await.unwrap();
    store.list_dead_letters(&permit(&administrator()), &PageRequest { after: None, limit: 9 }).await.unwrap();
    // Changes, and all the ways in which they are refused.
    let placed = place_under(&store, &creator(), "k", &draft(), 1).await;
    assert!(matches!(placed, Ok(Change::Done(_))));
    let again = place_under(&store, &creator(), "k", &draft(), 2).await;
    assert!(matches!(again, Ok(Change::Unchanged(_))));
    let other = place_under(&store, &creator(), "k", &unknown, 3).await;
    assert!(matches!(other, Err(WriteError::KeyReused)));
    let nothing = place_under(&store, &creator(), "other", &unknown, 4).await;
    assert!(matches!(nothing, Err(WriteError::InvalidLines(_))));
    for (message, draft) in [(1, draft()), (1, draft()), (1, unknown.clone()), (2, unknown)] {
        let message = incoming(message, draft, b"m");
        let ingested = store.ingest_order(&message, OrderId::new(at(5)), write_context(5)).await;
        assert!(!matches!(ingested, Err(WriteError::Store(_))), "{ingested:?}");
    }
    let (_, message) = queued(&store, 6).await;
    let again = store.queue_order(&clerk, &message, at(6), write_context(6)).await;
    assert!(matches!(again, Ok(Change::Unchanged(_))));
    store.load_for_fulfilment(&message, write_context(7)).await.unwrap();
    store.load_for_fulfilment(&message_for(nowhere, 8), write_context(8)).await.unwrap();
    store.record_decision(&message, Decision::Fulfilled, write_context(9)).await.unwrap();
    let change = OrderRevision { reference: draft().reference, lines: draft().lines, note: None };
    for precondition in [Precondition::None, Precondition::Version(7)] {
        let updated =
            store.update_order(&permit(&creator()), nowhere, &change, precondition, write_context(10)).await;
        assert!(
            matches!(updated, Err(WriteError::PreconditionRequired | WriteError::NotFound)),
            "{updated:?}"
        );
    }
    let cancelled = store.cancel_order(&permit(&creator()), nowhere, write_context(11)).await;
    assert!(matches!(cancelled, Err(WriteError::NotFound)), "{cancelled:?}");
    let cup = product("CUP", 1);
    let written =
        store.put_product(&permit(&administrator()), &cup, Precondition::None, write_context(12)).await;
    assert!(matches!(written, Err(WriteError::PreconditionRequired)), "{written:?}");
    let replayed = store.replay_dead_letter(&admin, Uuid::nil(), write_context(13)).await;
    assert!(matches!(replayed, Err(WriteError::NotFound)), "{replayed:?}");
    store.purge_expired(at(14), 9).await.unwrap();
    store.take_due_messages(at(15), TimeDelta::minutes(2), RelayBatch::up_to(9), Hold::None).await.unwrap();
    assert!(is_marked(&store.writer).await && is_marked(&store.readers).await);
}

#[tokio::test]
async fn nothing_is_acknowledged_into_a_file_that_is_gone() {
    let folder = Folder::new();
    let store = folder.open();
    stock(&store).await;
    for suffix in ["", "-wal", "-shm"] {
        let file = PathBuf::from(format!("{}{suffix}", folder.file().display()));
        let elsewhere = file.with_extension("away");
        let mut under_way = store.write().await.unwrap();
        sqlx::query("UPDATE products SET version = version + 1").execute(&mut *under_way).await.unwrap();
        fs::rename(&file, &elsewhere).unwrap();
        let committed = under_way.commit().await.map_err(StoreError::from);
        assert!(why(&committed).contains("was deleted or replaced"), "{suffix}");
        for replaced in [false, true] {
            if replaced {
                fs::write(&file, "").unwrap();
            }
            assert!(
                why(&record_a_large_letter(&store, 1).await).contains("was deleted or replaced"),
                "{suffix} {replaced}"
            );
            assert!(why(&store.ping().await).contains("was deleted or replaced"), "{suffix} {replaced}");
        }
        fs::rename(&elsewhere, &file).unwrap();
        placed(&store, 2).await;
    }
}

#[tokio::test]
async fn a_database_that_is_put_back_still_has_everything() {
    let folder = Folder::new();
    let store = folder.open();
    stock(&store).await;
    let order = placed(&store, 1).await;
    let elsewhere = folder.0.path().join("elsewhere");
    fs::rename(folder.file().parent().unwrap(), &elsewhere).unwrap();
    why(&store.read_order(&permit(&creator()), order.id).await);
    assert!(!folder.file().exists(), "no empty database is made in its place");
    fs::rename(&elsewhere, folder.file().parent().unwrap()).unwrap();
    assert_eq!(store.read_order(&permit(&creator()), order.id).await.unwrap(), Some(order));
}

#[tokio::test]
async fn a_busy_writer_fails_only_the_calls_that_wait() {
    let folder = Folder::new();
    let (store, elsewhere) = (folder.open(), folder.open());
    stock(&store).await;
    let busy = elsewhere.write().await.unwrap();
    let refused = why(&record_a_large_letter(&store, 1).await);
    assert!(refused.contains("locked"), "{refused}");
    drop(busy);
    record_a_large_letter(&store, 2).await.unwrap();
}
