//! A database of an earlier version, with rows in it, is brought up; the version before works on it still.

use sqlx::{
    SqlitePool,
    migrate::{Migration, Migrator},
};

use super::*;
use crate::{
    orders::Status,
    store::{contract::TRACE, sqlite::database::migrator},
};

const ORDER: &str = "0197a3c5-7b1e-7c3a-9f00-0123456789ab";
const MESSAGE: &str = "0197a3c5-7b1e-7c3a-9f00-0123456789ac";

/// What the first version keeps once an order of the creator's is queued and a message could not be read.
const ROWS: &str = "
    INSERT INTO products VALUES ('CUP', 'Cup', 'EUR', 399, 1, 1, 0);
    INSERT INTO orders VALUES ('0197a3c5-7b1e-7c3a-9f00-0123456789ab',
        '00000000-0000-0000-0000-00000000007e', '00000000-0000-0000-0000-000000000001',
        'PO-1', 'queued', 'EUR', 798, NULL, 2, 0, 1);
    INSERT INTO order_lines VALUES ('0197a3c5-7b1e-7c3a-9f00-0123456789ab', 0, 'CUP', 2, 399, 798);
    INSERT INTO order_history VALUES ('0197a3c5-7b1e-7c3a-9f00-0123456789ab', 1, 0, 'place', NULL, 'placed',
        'user', '00000000-0000-0000-0000-000000000001', '0197a3c5-7b1e-7c3a-9f00-0123456789ab');
    INSERT INTO order_history VALUES ('0197a3c5-7b1e-7c3a-9f00-0123456789ab', 2, 1, 'process', 'placed', 'queued',
        'user', '00000000-0000-0000-0000-000000000001', '0197a3c5-7b1e-7c3a-9f00-0123456789ab');
    INSERT INTO inbox VALUES ('fulfilment', '0197a3c5-7b1e-7c3a-9f00-0123456789ab', 0);
    INSERT INTO dead_letters VALUES ('0197a3c5-7b1e-7c3a-9f00-0123456789ab', 'orders-fulfilment', NULL, NULL,
        'malformed', NULL, x'ff', 'd', 0, NULL);";

/// A statement of the first version's binary.
const SEND: &str = "INSERT INTO outbox (message_id, binding, payload, created_at, due_at, sent)
     VALUES ($1, 'fulfilment', $2, 0, 0, 0)";

/// A database as the first version left it, and the message that is on its way.
async fn first_version(folder: &Folder) -> FulfilmentMessage {
    fs::create_dir_all(folder.file().parent().unwrap()).unwrap();
    let pool = SqlitePool::connect_lazy_with(folder.open().first);
    let first: Vec<Migration> = migrator().iter().filter(|step| step.version == 1).cloned().collect();
    Migrator::with_migrations(first).run(&pool).await.unwrap();
    sqlx::raw_sql(ROWS).execute(&pool).await.unwrap();
    let message = FulfilmentMessage {
        message_id: MESSAGE.parse().unwrap(),
        order_id: ORDER.parse().unwrap(),
        traceparent: TRACE.parse().ok(),
    };
    send(&pool, &message).await;
    message
}

async fn send(pool: &SqlitePool, message: &FulfilmentMessage) {
    sqlx::query(SEND)
        .bind(message.message_id.to_string())
        .bind(message.encode())
        .execute(pool)
        .await
        .unwrap();
}

#[tokio::test]
async fn rows_of_the_first_version_mean_the_same_after_it() {
    let folder = Folder::new();
    let message = first_version(&folder).await;
    let store = folder.open();
    let order = store.read_order(&permit(&creator()), message.order_id).await.unwrap().unwrap();
    assert_eq!((order.status, order.total.get(), order.lines.len()), (Status::Queued, 798, 1));
    let due = store
        .take_due_messages(at(0), TimeDelta::minutes(2), RelayBatch::up_to(9), Hold::None)
        .await
        .unwrap();
    assert_eq!(due.into_iter().map(|due| due.payload).collect::<Vec<_>>(), [message.encode()]);
    store.record_decision(&message, Decision::Fulfilled, write_context(1)).await.unwrap();
    let page = PageRequest { after: None, limit: 9 };
    let history = store.order_history(&permit(&creator()), message.order_id, &page).await.unwrap().unwrap();
    assert_eq!(history.items.len(), 3);
    let permit = permit(&administrator());
    let replayed = store.replay_dead_letter(&permit, ORDER.parse().unwrap(), write_context(2)).await;
    assert!(replayed.is_ok(), "{replayed:?}");
}

#[tokio::test]
async fn the_previous_version_can_write_to_this_schema() {
    let folder = Folder::new();
    let mut message = first_version(&folder).await;
    let store = folder.open();
    store.ping().await.unwrap();
    message.message_id = ORDER.parse().unwrap();
    send(&store.writer, &message).await;
    assert_eq!(
        store
            .take_due_messages(at(0), TimeDelta::minutes(2), RelayBatch::up_to(9), Hold::None)
            .await
            .unwrap()
            .len(),
        2
    );
}
