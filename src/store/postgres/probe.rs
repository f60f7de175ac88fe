//! A probe that reads and writes like the functions of an app, and changes nothing.
//!
//! It is one statement, whose writes are rolled back within it: in a subtransaction that ends with an error, which the
//! same block catches. So no transaction stays open, and the server logs nothing. One row of `orders` is written and
//! rolled back; the writes to the other tables affect no row. They need the same rights, columns and locks, and a
//! database that is not read-only, but make no work for the vacuum. It holds locks for milliseconds, and waits for
//! other locks as briefly as every statement.

use crate::store::{
    ServedApps, StoreError,
    sql::{letter_columns, order_columns, product_columns},
};

use super::pool::PoolExecutor;

macro_rules! rolled_back {
    ($($statement:expr),+ $(,)?) => {
        concat!(
            "DO $probe$
             DECLARE
                 probe CONSTANT uuid := gen_random_uuid();
                 other CONSTANT uuid := gen_random_uuid();
             BEGIN
                 INSERT INTO orders (", order_columns!(), ")
                     VALUES (probe, probe, probe, '', 'placed', 'EUR', 0, NULL, 1, 0, 0);
                 PERFORM ", order_columns!(), " FROM orders WHERE id = probe;
                 UPDATE orders SET status = status, version = version, updated_at = updated_at
                     WHERE id = other;
                 INSERT INTO order_lines (order_id, position, sku, quantity, unit_price, line_total)
                     SELECT probe, 0, '', 1, 0, 0 WHERE false;
                 PERFORM sku, quantity, unit_price, line_total FROM order_lines WHERE order_id = probe;
                 INSERT INTO order_history
                     (order_id, version, at, action, from_status, to_status, actor_kind, actor_object, invocation_id)
                     SELECT probe, 1, 0, 'place', NULL, 'placed', 'user', NULL, probe WHERE false;
                 PERFORM ", product_columns!(), " FROM products WHERE sku = '';
            ",
            $($statement, ";\n",)+
            "    RAISE EXCEPTION USING ERRCODE = 'PROBE';
             EXCEPTION
                 WHEN SQLSTATE 'PROBE' THEN NULL;
             END
             $probe$"
        )
    };
}

/// As `orders_api`.
const API: &str = rolled_back!(
    "UPDATE orders SET reference = reference, total = total, note = note WHERE id = other",
    "DELETE FROM order_lines WHERE order_id = probe",
    "PERFORM version, at, action, from_status, to_status, actor_kind, actor_object, invocation_id
         FROM order_history WHERE order_id = probe",
    concat!(
        "INSERT INTO products (",
        product_columns!(),
        ") SELECT '', '', '', 0, true, 1, 0 WHERE false"
    ),
    "UPDATE products SET name = name, currency = currency, unit_price = unit_price, active = active,
         version = version, updated_at = updated_at WHERE sku = ''",
    "INSERT INTO outbox (message_id, binding, payload, created_at, due_at, sent, digest)
         SELECT probe, '', '', 0, 0, 0, '' WHERE false",
    "PERFORM content FROM idempotency_keys WHERE owner_tenant = probe AND owner_object = probe AND key = ''",
    "INSERT INTO idempotency_keys (owner_tenant, owner_object, key, content, order_id, unit_prices, created_at)
         SELECT probe, probe, '', '', probe, '', 0 WHERE false
         ON CONFLICT (owner_tenant, owner_object, key) DO UPDATE SET content = excluded.content,
             order_id = excluded.order_id, unit_prices = excluded.unit_prices, created_at = excluded.created_at",
    concat!("PERFORM ", letter_columns!(), " FROM dead_letters WHERE id = probe"),
    "UPDATE dead_letters SET replayed_at = replayed_at WHERE id = probe",
);

/// As `orders_processor`.
const PROCESSOR: &str = rolled_back!(
    "PERFORM message_id, binding, payload, created_at, due_at, sent, consumed_at, digest
         FROM outbox WHERE message_id = probe",
    "UPDATE outbox SET due_at = due_at, sent = sent, consumed_at = consumed_at WHERE message_id = probe",
    "DELETE FROM outbox WHERE message_id = probe",
    "PERFORM received_at, content FROM inbox WHERE binding = '' AND message_id = probe",
    "INSERT INTO inbox (binding, message_id, received_at, content) SELECT '', probe, 0, '' WHERE false
         ON CONFLICT DO NOTHING",
    "DELETE FROM inbox WHERE binding = '' AND message_id = probe",
    "PERFORM id, queue, message_id, order_id, reason, digest, recorded_at, replayed_at FROM dead_letters WHERE id = probe",
    "INSERT INTO dead_letters
         (id, queue, message_id, order_id, reason, dequeue_count, payload, digest, recorded_at, replayed_at)
         SELECT probe, '', probe, probe, '', 0, '', '', 0, 0 WHERE false
         ON CONFLICT (queue, digest) WHERE replayed_at IS NULL DO NOTHING",
    "DELETE FROM dead_letters WHERE id = probe",
    "PERFORM created_at FROM idempotency_keys WHERE owner_tenant = probe AND owner_object = probe AND key = ''",
    "DELETE FROM idempotency_keys WHERE owner_tenant = probe AND owner_object = probe AND key = ''",
);

pub(super) async fn run(executor: PoolExecutor<'_>, workload: ServedApps) -> Result<(), StoreError> {
    for (is_needed, statement) in [(workload.api, API), (workload.processor, PROCESSOR)] {
        if is_needed {
            sqlx::query(statement).execute(executor).await?;
        }
    }
    Ok(())
}
