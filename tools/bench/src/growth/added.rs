//! What a round adds to a database before it measures, and removes afterwards: so that each round finds the same.

use sqlx::PgConnection;

use super::{
    fill::run,
    function::Function,
    ids::{message, message_id, placed, queued},
    orders::FIRST_ADDED,
};
use crate::requests::{TENANT, WRITER};

/// Orders of these ids, with the owner `$2` and `$3`, in the status `$4`.
const PLACED: &str =
    "INSERT INTO orders (id, owner_tenant, owner_object, reference, status, currency, total, note,
         version, created_at, updated_at)
     SELECT CAST(id AS UUID), CAST($2 AS UUID), CAST($3 AS UUID), 'PO-17', $4, 'EUR', 3750, 'ring twice', 1,
         1750000000000000, 1750000000000000
     FROM unnest($1) AS id";
const LINES: &str = "INSERT INTO order_lines (order_id, position, sku, quantity, unit_price, line_total)
     SELECT CAST(id AS UUID), position, 'SKU-' || position, 2 - position, 1250, (2 - position) * 1250
     FROM unnest($1) AS id, generate_series(0, 1) AS position";
const HISTORY: &str = "INSERT INTO order_history
         (order_id, version, at, action, from_status, to_status, actor_kind, actor_object, invocation_id)
     SELECT CAST(id AS UUID), 1, 1750000000000000, 'place', NULL, 'placed', 'user', CAST($2 AS UUID), CAST(id AS UUID)
     FROM unnest($1) AS id";
const MESSAGES: &str = "INSERT INTO outbox (message_id, binding, payload, created_at, due_at, sent)
     SELECT CAST(id AS UUID), 'fulfilment', payload, $3, $3 + 3000000000, 1 FROM unnest($1, $2) AS sent (id, payload)";

/// Removes the messages of added orders: they have higher ids than those that are on their way from the start.
const UNSENT: &str = "DELETE FROM outbox WHERE message_id >= CAST($1 AS UUID)";
/// Makes the messages on their way due at once.
const DUE: &str = "UPDATE outbox SET due_at = created_at, sent = 1 WHERE consumed_at IS NULL";
/// Puts them off until the run is over.
const NOT_DUE: &str =
    "UPDATE outbox SET due_at = created_at + 3000000000, sent = 1 WHERE consumed_at IS NULL";

/// A hundred of each that are a little over their retention at `$1`, in microseconds.
const EXPIRED: [&str; 3] = [
    "INSERT INTO inbox (binding, message_id, received_at)
     SELECT 'fulfilment', gen_random_uuid(), $1 - 31 * 86400000000 FROM generate_series(1, 100)",
    "INSERT INTO outbox (message_id, binding, payload, created_at, due_at, consumed_at, sent)
     SELECT gen_random_uuid(), 'fulfilment', '', $1 - 8 * 86400000000, 0, $1 - 8 * 86400000000, 0
     FROM generate_series(1, 100)",
    "INSERT INTO idempotency_keys (owner_tenant, owner_object, key, content, order_id, unit_prices, created_at)
     SELECT owner_tenant, owner_object, 'expired', decode(repeat('00', 32), 'hex'), id, '[]', $1 - 2 * 86400000000
     FROM (SELECT DISTINCT ON (owner_tenant, owner_object) * FROM (SELECT * FROM orders ORDER BY id LIMIT 2000) AS first)
         AS owners LIMIT 100",
];

/// Removes every order that was added, with all that belongs to it.
const REMOVE: [&str; 5] = [
    "DELETE FROM idempotency_keys WHERE order_id >= CAST($1 AS UUID)",
    "DELETE FROM order_history WHERE order_id >= CAST($1 AS UUID)",
    "DELETE FROM order_lines WHERE order_id >= CAST($1 AS UUID)",
    "DELETE FROM orders WHERE id >= CAST($1 AS UUID)",
    UNSENT,
];
const REMOVE_RECEIVED: &str = "DELETE FROM inbox WHERE message_id >= CAST($1 AS UUID)";
const TIDY: &str = "VACUUM orders, order_lines, order_history, outbox, inbox, idempotency_keys";

/// Prepares the calls of a function in a round, from the `first` on; `now` is in microseconds.
pub(super) async fn prepare(
    connection: &mut PgConnection,
    function: Function,
    round: u32,
    calls: std::ops::Range<u32>,
    now: i64,
) -> anyhow::Result<()> {
    match function {
        Function::ProcessOrder => {
            let ids = calls.map(|number| placed(round, number)).collect();
            add(connection, ids, "placed").await
        }
        Function::FulfilOrder => {
            add(connection, calls.clone().map(|number| queued(round, number)).collect(), "queued").await?;
            let ids: Vec<String> = calls.clone().map(|number| message_id(round, number)).collect();
            let payloads: Vec<Vec<u8>> = calls.map(|number| message(round, number).into_bytes()).collect();
            sqlx::query(MESSAGES).bind(ids).bind(payloads).bind(now).execute(connection).await?;
            Ok(())
        }
        Function::RelayOutbox | Function::Gauges => {
            sqlx::query(UNSENT).bind(FIRST_ADDED).execute(&mut *connection).await?;
            run(connection, if function == Function::Gauges { NOT_DUE } else { DUE }).await
        }
        Function::PurgeExpired => {
            for statement in EXPIRED {
                sqlx::query(statement).bind(now).execute(&mut *connection).await?;
            }
            Ok(())
        }
        _ => Ok(()),
    }
}

async fn add(connection: &mut PgConnection, ids: Vec<String>, status: &str) -> anyhow::Result<()> {
    let orders = sqlx::query(PLACED).bind(&ids).bind(TENANT).bind(WRITER).bind(status);
    orders.execute(&mut *connection).await?;
    sqlx::query(LINES).bind(&ids).execute(&mut *connection).await?;
    sqlx::query(HISTORY).bind(&ids).bind(WRITER).execute(&mut *connection).await?;
    Ok(())
}

/// Removes what was added since the database was filled.
pub(super) async fn remove(connection: &mut PgConnection) -> anyhow::Result<()> {
    run(connection, "SET session_replication_role = replica").await?;
    for statement in REMOVE.into_iter().chain([REMOVE_RECEIVED]) {
        sqlx::query(statement).bind(FIRST_ADDED).execute(&mut *connection).await?;
    }
    run(connection, TIDY).await
}
