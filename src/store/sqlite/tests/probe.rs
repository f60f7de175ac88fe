//! The probe finds out what keeps the functions from their work, and leaves nothing behind.

use std::{sync::Arc, time::Duration};

use super::*;
use crate::store::MonitoredStore;

const WHOLE: ServedApps = ServedApps { api: true, processor: true };

/// The database may grow by no page any more, as on a full disk.
async fn fill(store: &Sqlite) {
    let mut writer = store.writer.acquire().await.unwrap();
    sqlx::raw_sql("PRAGMA max_page_count = 1").execute(&mut *writer).await.unwrap();
}

#[tokio::test]
async fn the_probe_finds_a_full_disk() {
    let folder = Folder::new();
    let store = Arc::new(folder.open());
    let monitored = MonitoredStore::new(Arc::clone(&store) as Arc<dyn Store>);
    monitored.probe(WHOLE).await.unwrap();
    assert!(monitored.is_healthy());
    fill(&store).await;
    let full = monitored.probe(WHOLE).await.unwrap_err().to_string();
    assert!(full.contains("full") && !monitored.is_healthy(), "{full}");
    // The connection that failed is closed, and its limit with it.
    monitored.probe(WHOLE).await.unwrap();
    assert!(monitored.is_healthy());
    stock(&*store).await;
}

#[tokio::test]
async fn the_probe_writes_to_disk_and_rolls_back() {
    let folder = Folder::new();
    let store = folder.open();
    stock(&store).await;
    placed(&store, 1).await;
    let mut writer = store.writer.acquire().await.unwrap();
    sqlx::raw_sql("PRAGMA wal_checkpoint(TRUNCATE)").execute(&mut *writer).await.unwrap();
    drop(writer);
    let log = folder.file().with_extension("db-wal");
    assert_eq!(fs::metadata(&log).unwrap().len(), 0);
    for _ in 0..20 {
        store.probe(WHOLE).await.unwrap();
    }
    let length = fs::metadata(&log).unwrap().len();
    assert!((50_000..200_000).contains(&length), "{length}: it was written, and only once");
    assert_eq!(rows(&store, "SELECT CAST(count(*) AS TEXT) FROM outbox").await, ["0"]);
    placed(&store, 2).await;
    assert_eq!(rows(&store, "SELECT CAST(count(*) AS TEXT) FROM orders").await, ["2"]);
}

#[tokio::test]
async fn a_writer_that_is_busy_with_calls_is_no_outage() {
    let folder = Folder::new();
    let store = Arc::new(folder.open());
    let monitored = MonitoredStore::new(Arc::clone(&store) as Arc<dyn Store>);
    monitored.probe(WHOLE).await.unwrap();
    stock(&monitored).await;
    let busy = store.write().await.unwrap();
    assert!(monitored.probe(WHOLE).await.is_err());
    assert!(monitored.is_healthy(), "a call worked just now");
    tokio::time::sleep(Duration::from_secs(9)).await;
    assert!(monitored.probe(WHOLE).await.is_err());
    assert!(!monitored.is_healthy(), "none did for ten seconds");
    busy.rollback().await;
    monitored.probe(WHOLE).await.unwrap();
    assert!(monitored.is_healthy());
}

#[tokio::test]
async fn a_table_that_is_missing_is_found() {
    let folder = Folder::new();
    let store = folder.open();
    for (away, back) in [
        ("ALTER TABLE products RENAME TO x", "ALTER TABLE x RENAME TO products"),
        ("ALTER TABLE orders RENAME TO x", "ALTER TABLE x RENAME TO orders"),
        ("ALTER TABLE order_lines RENAME TO x", "ALTER TABLE x RENAME TO order_lines"),
        ("ALTER TABLE order_history RENAME TO x", "ALTER TABLE x RENAME TO order_history"),
        ("ALTER TABLE outbox RENAME TO x", "ALTER TABLE x RENAME TO outbox"),
        ("ALTER TABLE inbox RENAME TO x", "ALTER TABLE x RENAME TO inbox"),
        ("ALTER TABLE dead_letters RENAME TO x", "ALTER TABLE x RENAME TO dead_letters"),
        ("ALTER TABLE idempotency_keys RENAME TO x", "ALTER TABLE x RENAME TO idempotency_keys"),
    ] {
        store.probe(WHOLE).await.unwrap();
        sqlx::raw_sql(away).execute(&store.writer).await.unwrap();
        assert!(store.probe(WHOLE).await.is_err(), "{away}");
        sqlx::raw_sql(back).execute(&store.writer).await.unwrap();
    }
    store.probe(WHOLE).await.unwrap();
}
