//! A probe that reads and writes like the functions, and changes nothing.
//!
//! It writes more than the writer's cache can hold, so the pages reach the write-ahead log, and a full disk is found.
//! It rolls back, and the next transaction overwrites these pages in the log.

use crate::store::{
    StoreError,
    sql::{letter_columns, order_columns, product_columns},
};

use super::Sqlite;

const READS: &str = concat!(
    "SELECT ",
    order_columns!(),
    " FROM orders WHERE id = '';
     SELECT sku, quantity, unit_price, line_total FROM order_lines WHERE order_id = '';
     SELECT version, at, action, from_status, to_status, actor_kind, actor_object, invocation_id
         FROM order_history WHERE order_id = '';
     SELECT ",
    product_columns!(),
    " FROM products WHERE sku = '';
     SELECT ",
    letter_columns!(),
    ", digest FROM dead_letters WHERE id = '';
     SELECT message_id, binding, payload, created_at, due_at, sent, consumed_at, digest FROM outbox
         WHERE message_id = '';
     SELECT received_at, content FROM inbox WHERE binding = '' AND message_id = '';
     SELECT content, order_id, unit_prices, created_at FROM idempotency_keys
         WHERE owner_tenant = '' AND owner_object = '' AND key = ''",
);

/// Each kind of write that the functions make. Only the first statement with a row has an effect: its row is larger
/// than the cache, so its pages reach the log.
const WRITES: &str = concat!(
    "PRAGMA cache_size = 8;
     INSERT INTO outbox (message_id, binding, payload, created_at, due_at, sent)
         VALUES ('', 'fulfilment', zeroblob(65536), 0, 0, 0);
     UPDATE outbox SET due_at = due_at, sent = sent, consumed_at = consumed_at WHERE message_id = '-';
     DELETE FROM outbox WHERE message_id = '-';
     INSERT INTO orders (", order_columns!(), ")
         SELECT '', '', '', '', 'placed', 'EUR', 0, NULL, 1, 0, 0 WHERE false;
     UPDATE orders SET reference = '', total = 0, note = '', status = '', version = 1, updated_at = 0 WHERE id = '';
     INSERT INTO order_lines (order_id, position, sku, quantity, unit_price, line_total)
         SELECT '', 0, '', 1, 0, 0 WHERE false;
     DELETE FROM order_lines WHERE order_id = '';
     INSERT INTO order_history
         (order_id, version, at, action, from_status, to_status, actor_kind, actor_object, invocation_id)
         SELECT '', 1, 0, 'place', NULL, 'placed', 'user', NULL, '' WHERE false;
     INSERT INTO products (", product_columns!(), ") SELECT '', '', '', 0, true, 1, 0 WHERE false;
     UPDATE products SET name = '', currency = '', unit_price = 0, active = 0, version = 1, updated_at = 0
         WHERE sku = '';
     INSERT INTO idempotency_keys (owner_tenant, owner_object, key, content, order_id, unit_prices, created_at)
         SELECT '', '', '', '', '', '', 0 WHERE false;
     DELETE FROM idempotency_keys WHERE owner_tenant = '' AND owner_object = '' AND key = '';
     INSERT INTO inbox (binding, message_id, received_at, content) SELECT '', '', 0, '' WHERE false;
     DELETE FROM inbox WHERE binding = '' AND message_id = '';
     INSERT INTO dead_letters
         (id, queue, message_id, order_id, reason, dequeue_count, payload, digest, recorded_at, replayed_at)
         SELECT '', '', '', '', '', 0, '', '', 0, 0 WHERE false;
     UPDATE dead_letters SET replayed_at = 0 WHERE id = '';
     DELETE FROM dead_letters WHERE id = ''",
);

/// SQLite's default cache of a connection: two megabytes.
const USUAL_CACHE: &str = "PRAGMA cache_size = -2000";

pub(super) async fn run(store: &Sqlite) -> Result<(), StoreError> {
    let mut reading = store.read().await?;
    sqlx::raw_sql(READS).execute(&mut *reading).await?;
    reading.rollback().await;
    let mut writing = store.write().await?;
    sqlx::raw_sql(WRITES).execute(&mut *writing).await?;
    sqlx::raw_sql(USUAL_CACHE).execute(&mut *writing).await?;
    writing.rollback().await;
    Ok(())
}
