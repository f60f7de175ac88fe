//! Fills a database with orders: two lines and three history rows each, spread over buyers, tenants, statuses and two
//! years, with the messages and keys that lie beside them while as many orders come as came so far.

use sqlx::{Connection as _, PgConnection};
use terminal::Progress;

use super::{
    orders::{FIRST, OTHER_TENANTS, Stored},
    scale::Scale,
};
use crate::requests::{READER, TENANT};

/// Orders of one transaction: what is lost when a run is stopped while it fills.
const CHUNK: u32 = 100_000;

/// Messages that are on their way at any time, whatever the scale: they depend on the rate and on the backend.
pub(super) const OPEN: u32 = 100;

/// How far the database is filled. In a schema of its own, for the worker's migrations know nothing of it.
const START: [&str; 3] = [
    "CREATE SCHEMA bench",
    "CREATE TABLE bench.filled (orders BIGINT NOT NULL)",
    "INSERT INTO bench.filled VALUES (0)",
];

const PRODUCTS: &str = "INSERT INTO products (sku, name, currency, unit_price, active, version, updated_at)
     SELECT sku, sku, 'EUR', 1250, true, 1, 0 FROM (
         SELECT 'SKU-' || number AS sku FROM generate_series(0, 999) AS number
         UNION ALL VALUES ('ESPRESSO-1KG'), ('CUP-6'), ('FILTER-100')) AS named";

/// The orders from `$1` to below `$2`, `$3` milliseconds apart from `$4` on, of `$5` buyers.
const ORDERS: &str = "INSERT INTO orders (id, owner_tenant, owner_object, reference, status, currency, total, note,
         version, created_at, updated_at)
     SELECT CAST(substr(placed, 1, 8) || '-' || substr(placed, 9) || '-7000-8000-' || lpad(to_hex(number), 12, '0')
             AS UUID),
         CASE WHEN number % 20 = 7 THEN (CAST($8 AS UUID[]))[1 + number / 20 % 5] ELSE CAST($6 AS UUID) END,
         CASE WHEN number % 10 = 0 THEN CAST($7 AS UUID)
              ELSE CAST('22222222-0000-4000-8000-' || lpad(to_hex(number % $5), 12, '0') AS UUID) END,
         'PO-' || number,
         CASE WHEN number % 20 < 14 THEN 'fulfilled' WHEN number % 20 < 16 THEN 'placed'
              WHEN number % 20 < 18 THEN 'cancelled' WHEN number % 20 < 19 THEN 'rejected' ELSE 'failed' END,
         'EUR', 3750, CASE WHEN number % 2 = 0 THEN 'ring twice' END, 3,
         1000 * ($4 + number * $3), 1000 * ($4 + number * $3) + 90000000
     FROM (SELECT number, lpad(to_hex($4 + number * $3), 12, '0') AS placed
           FROM generate_series(CAST($1 AS BIGINT), $2 - 1) AS number) AS numbered";

/// Of the orders with ids from `$1` to before `$2`.
const LINES: &str = "INSERT INTO order_lines (order_id, position, sku, quantity, unit_price, line_total)
     SELECT id, position, 'SKU-' || (created_at / 1000 + position * 500) % 1000, 2 - position, 1250,
         (2 - position) * 1250
     FROM orders, generate_series(0, 1) AS position WHERE id >= CAST($1 AS UUID) AND id < CAST($2 AS UUID)";

const HISTORY: &str = "INSERT INTO order_history
         (order_id, version, at, action, from_status, to_status, actor_kind, actor_object, invocation_id)
     SELECT id, version.number, created_at + version.number * 30000000,
         CASE version.number WHEN 1 THEN 'place' WHEN 2 THEN
             CASE WHEN status IN ('fulfilled', 'rejected', 'failed') THEN 'process' ELSE 'update' END
         ELSE CASE status WHEN 'fulfilled' THEN 'fulfil' WHEN 'rejected' THEN 'reject' WHEN 'failed' THEN 'fail'
             WHEN 'cancelled' THEN 'cancel' ELSE 'update' END END,
         CASE version.number WHEN 1 THEN NULL WHEN 2 THEN 'placed' ELSE
             CASE WHEN status IN ('fulfilled', 'rejected', 'failed') THEN 'queued' ELSE 'placed' END END,
         CASE version.number WHEN 1 THEN 'placed' WHEN 2 THEN
             CASE WHEN status IN ('fulfilled', 'rejected', 'failed') THEN 'queued' ELSE 'placed' END ELSE status END,
         CASE WHEN version.number = 3 AND status IN ('fulfilled', 'rejected', 'failed') THEN 'system' ELSE 'user' END,
         owner_object, id
     FROM orders, generate_series(1, 3) AS version (number) WHERE id >= CAST($1 AS UUID) AND id < CAST($2 AS UUID)";

/// Messages and keys, anew for each run: what is over its retention is another set each day. `$1` is now in
/// microseconds.
const EMPTY: &str = "TRUNCATE outbox, inbox, idempotency_keys, dead_letters";
const INBOX: &str = "INSERT INTO inbox (binding, message_id, received_at)
     SELECT 'fulfilment', CAST('00b00000-0000-7000-8000-' || lpad(to_hex(number), 12, '0') AS UUID),
         $1 - number * (30 * 86400000000 / $2)
     FROM generate_series(CAST(0 AS BIGINT), $2 - 1) AS number";
const CONSUMED: &str =
    "INSERT INTO outbox (message_id, binding, payload, created_at, due_at, consumed_at, sent)
     SELECT CAST('00b00000-0000-7000-8000-' || lpad(to_hex(number), 12, '0') AS UUID), 'fulfilment',
         convert_to(repeat('x', 160), 'UTF8'), at, at + 120000000, at + 1000000, 0
     FROM (SELECT number, $1 - number * (7 * 86400000000 / $2) - 1000000 AS at
           FROM generate_series(CAST(0 AS BIGINT), $2 - 1) AS number) AS numbered";
/// Not due before the run is over.
const ON_THEIR_WAY: &str = "INSERT INTO outbox (message_id, binding, payload, created_at, due_at, sent)
     SELECT CAST(id AS UUID), 'fulfilment', convert_to(
             '{\"version\":1,\"messageId\":\"' || id || '\",\"orderId\":\"' || id || '\",\"traceparent\":null}', 'UTF8'),
         $1, $1 + 3000000000, 1
     FROM (SELECT '00b10000-0000-7000-8000-' || lpad(to_hex(number), 12, '0') AS id
           FROM generate_series(CAST(1 AS BIGINT), $2) AS number) AS named";
const KEYS: &str = "INSERT INTO idempotency_keys
         (owner_tenant, owner_object, key, content, order_id, unit_prices, created_at)
     SELECT owner_tenant, owner_object, 'key-' || row_number() OVER (), decode(repeat('00', 32), 'hex'), id,
         '[1250,1250]', $1 - row_number() OVER () * (86400000000 / $2)
     FROM (SELECT * FROM orders ORDER BY id DESC LIMIT $2) AS newest";

/// Brings the database to the scale, from where an earlier run stopped.
pub(super) async fn fill(connection: &mut PgConnection, scale: Scale) -> anyhow::Result<()> {
    let known: Option<i64> =
        match sqlx::query_scalar("SELECT orders FROM bench.filled").fetch_optional(&mut *connection).await {
            Ok(known) => known,
            // There is no such table.
            Err(sqlx::Error::Database(_)) => None,
            Err(error) => return Err(error.into()),
        };
    // Everything below names rows that are there; the checks of foreign keys would double the time.
    run(connection, "SET session_replication_role = replica").await?;
    if known.is_none() {
        for statement in START.into_iter().chain([PRODUCTS]) {
            run(connection, statement).await?;
        }
    }
    let mut filled = u32::try_from(known.unwrap_or(0))?;
    if filled < scale.orders {
        let progress = Progress::start("orders", u64::from(scale.orders));
        while filled < scale.orders {
            let end = scale.orders.min(filled + CHUNK);
            chunk(connection, Stored { count: scale.orders }, (filled, end)).await?;
            filled = end;
            progress.set(u64::from(filled), scale.name);
        }
        run(connection, "VACUUM (ANALYZE)").await?;
    }
    Ok(())
}

/// The orders of these numbers, in one transaction with the mark that says so.
async fn chunk(connection: &mut PgConnection, stored: Stored, (from, to): (u32, u32)) -> anyhow::Result<()> {
    let mut transaction = connection.begin().await?;
    sqlx::query(ORDERS)
        .bind(i64::from(from))
        .bind(i64::from(to))
        .bind(i64::try_from(stored.step())?)
        .bind(i64::try_from(FIRST)?)
        .bind(i64::from(stored.owners()))
        .bind(TENANT)
        .bind(READER)
        .bind(OTHER_TENANTS.map(str::to_owned).to_vec())
        .execute(&mut *transaction)
        .await?;
    for statement in [LINES, HISTORY] {
        let (first, end) = (stored.id(from), stored.id(to));
        sqlx::query(statement).bind(first).bind(end).execute(&mut *transaction).await?;
    }
    sqlx::query("UPDATE bench.filled SET orders = $1").bind(i64::from(to)).execute(&mut *transaction).await?;
    Ok(transaction.commit().await?)
}

/// Messages and keys as they lie at `now`, in microseconds, when orders come as fast as they came so far.
pub(super) async fn messages(connection: &mut PgConnection, scale: Scale, now: i64) -> anyhow::Result<()> {
    run(connection, EMPTY).await?;
    // Four in five orders are processed, every second is placed with a key.
    let within = |days: u32, percent: u32| {
        i64::from(scale.orders) * i64::from(days) * i64::from(percent) / (730 * 100) + 1
    };
    for (statement, count) in [
        (INBOX, within(30, 80)),
        (CONSUMED, within(7, 80)),
        (ON_THEIR_WAY, i64::from(OPEN)),
        (KEYS, within(1, 50)),
    ] {
        sqlx::query(statement).bind(now).bind(count).execute(&mut *connection).await?;
    }
    run(connection, "VACUUM (ANALYZE) outbox, inbox, idempotency_keys, dead_letters").await
}

pub(super) async fn run(connection: &mut PgConnection, statement: &'static str) -> anyhow::Result<()> {
    sqlx::query(statement).execute(connection).await?;
    Ok(())
}
