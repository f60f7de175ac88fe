//! The statements that only PostgreSQL runs. Each is a whole unit of work: PostgreSQL runs a single statement as a
//! transaction, so one round trip stores all of it or nothing.

mod administration;
mod inspect;
mod products;
mod purge;
mod relay;

pub(super) use administration::{CREATE_ENTRA_LOGIN, KEEP_SCHEMA, ROLE_EXISTS, SET_PRINCIPALS};
pub(super) use inspect::{HAS_TEXT_COLUMNS, PID, RIGHTS, SCHEMA_VERSION, SCHEMAS, WAITS};
pub(super) use products::{INSERT_PRODUCT, REPLACE_PRODUCT};
pub(super) use purge::{PURGE_INBOX, PURGE_OUTBOX};
pub(super) use relay::TAKE_DUE;

use uuid::Uuid;

use crate::store::{
    scope::Scoped,
    sql::{letter_columns, order_columns},
};

/// The key that stands before every order or dead letter in lists that run from the newest. No id of version 7 sorts
/// after it.
pub(super) const BEFORE_NEWEST: Uuid = Uuid::max();

/// An order's lines as arrays, joined to the row of this name.
macro_rules! with_lines {
    ($order:literal) => {
        concat!(
            " LEFT JOIN LATERAL (
                 SELECT coalesce(array_agg(sku ORDER BY position), '{}') AS skus,
                     coalesce(array_agg(quantity ORDER BY position), '{}') AS quantities,
                     coalesce(array_agg(unit_price ORDER BY position), '{}') AS unit_prices,
                     coalesce(array_agg(line_total ORDER BY position), '{}') AS line_totals
                 FROM order_lines WHERE order_id = ",
            $order,
            ".id) AS lines ON true"
        )
    };
}

macro_rules! line_columns {
    () => {
        ", skus, quantities, unit_prices, line_totals"
    };
}

macro_rules! insert_history {
    () => {
        "INSERT INTO order_history
         (order_id, version, at, action, from_status, to_status, actor_kind, actor_object, invocation_id)"
    };
}

/// The lines `$8` and `$9` with today's prices. Whether one fits is null for an unknown or inactive product, false for
/// one in another currency than `$5`. `whole` has a row only if all fit. The limit keeps the server from reading all
/// products where it plans for any number of lines.
macro_rules! priced_lines {
    () => {
        "WITH wanted AS (
             SELECT wanted.position - 1 AS position, wanted.sku, quantity, unit_price, currency = $5 AS fits
             FROM unnest($8, $9) WITH ORDINALITY AS wanted (sku, quantity, position)
             LEFT JOIN LATERAL (
                 SELECT unit_price, currency FROM products WHERE products.sku = wanted.sku AND active LIMIT 1
             ) AS product ON true
         ), whole AS (
             SELECT CAST(sum(quantity * unit_price) AS BIGINT) AS total,
                 '[' || string_agg(CAST(unit_price AS TEXT), ',' ORDER BY position) || ']' AS unit_prices
             FROM wanted HAVING bool_and(fits IS TRUE)
         )"
    };
}

/// The order `$1` with its lines and its history row, if `whole` has a row and this condition holds.
macro_rules! insert_order {
    ($condition:literal) => {
        concat!(
            ", placed AS (
                 INSERT INTO orders (",
            order_columns!(),
            ")
                 SELECT $1, $2, $3, $4, 'placed', $5, total, $6, 1, $7, $7 FROM whole WHERE ",
            $condition,
            " RETURNING id
             ), lines AS (
                 INSERT INTO order_lines (order_id, position, sku, quantity, unit_price, line_total)
                 SELECT id, position, sku, quantity, unit_price, quantity * unit_price FROM wanted, placed
             ), recorded AS (
                 ",
            insert_history!(),
            " SELECT id, 1, $7, 'place', NULL, 'placed', $10, $11, $12 FROM placed
             )"
        )
    };
}

/// If the key `$13` has a row that is not yet old enough to be absent, that row stays unchanged and nothing is stored.
/// Returns each line's price, whether the order was stored, and the key's row where the statement could see one from
/// its beginning.
pub(super) const PLACE: &str = concat!(
    priced_lines!(),
    ", claimed AS (
         INSERT INTO idempotency_keys AS known
         (owner_tenant, owner_object, key, content, order_id, unit_prices, created_at)
         SELECT $2, $3, $13, $14, $1, unit_prices, $7 FROM whole WHERE $13 IS NOT NULL
         ON CONFLICT (owner_tenant, owner_object, key) DO UPDATE SET content = excluded.content,
             order_id = excluded.order_id, unit_prices = excluded.unit_prices, created_at = excluded.created_at
         WHERE known.created_at <= $15
         RETURNING key
     )",
    insert_order!("$13 IS NULL OR EXISTS (SELECT 1 FROM claimed)"),
    " SELECT unit_price, fits, EXISTS (SELECT 1 FROM placed) AS placed, known.content
     FROM wanted LEFT JOIN idempotency_keys AS known
         ON owner_tenant = $2 AND owner_object = $3 AND key = $13 AND created_at > $15
     ORDER BY position",
);

/// As [`PLACE`], once for the message `$13`; outbox rows with the payload `$15` are closed with it.
pub(super) const INGEST: &str = concat!(
    priced_lines!(),
    ", known AS (
         SELECT content FROM inbox WHERE binding = $16 AND message_id = $13
     ), claimed AS (
         INSERT INTO inbox (binding, message_id, received_at, content) SELECT $16, $13, $7, $14 FROM whole
         ON CONFLICT DO NOTHING RETURNING message_id
     )",
    insert_order!("EXISTS (SELECT 1 FROM claimed)"),
    ", closed AS (
         UPDATE outbox SET consumed_at = $7
         WHERE binding = $16 AND digest = $15 AND consumed_at IS NULL
           AND (EXISTS (SELECT 1 FROM claimed) OR EXISTS (SELECT 1 FROM known WHERE content = $14))
     )
     SELECT unit_price, fits, EXISTS (SELECT 1 FROM placed) AS placed, (SELECT content FROM known) AS content
     FROM wanted ORDER BY position",
);

/// Confined to its creator. Gives each line's price, version and status of the order that was there, and the order's
/// new columns if it was changed. With the lock both are of the latest version; the new lines are inserted after the
/// old ones are deleted.
pub(super) const UPDATE: &str = concat!(
    "WITH there AS (
         SELECT id, currency, version, status FROM orders
         WHERE id = $1 AND owner_tenant = $2 AND owner_object = $3
         FOR UPDATE
     ), wanted AS (
         SELECT wanted.position - 1 AS position, wanted.sku, quantity, unit_price,
             product.currency = coalesce(there.currency, product.currency) AS fits
         FROM unnest($8, $9) WITH ORDINALITY AS wanted (sku, quantity, position)
         LEFT JOIN LATERAL (
             SELECT unit_price, currency FROM products WHERE products.sku = wanted.sku AND active LIMIT 1
         ) AS product ON true
         LEFT JOIN there ON true
     ), whole AS (
         SELECT CAST(sum(quantity * unit_price) AS BIGINT) AS sum FROM wanted HAVING bool_and(fits IS TRUE)
     ), updated AS (
         UPDATE orders
         SET reference = $4, note = $6, total = whole.sum, version = version + 1, updated_at = $7
         FROM whole WHERE id IN (SELECT id FROM there) AND version = $5 AND status = 'placed'
         RETURNING ",
    order_columns!(),
    "), gone AS (
         DELETE FROM order_lines WHERE order_id IN (SELECT id FROM updated) RETURNING order_id
     ), lines AS (
         INSERT INTO order_lines (order_id, position, sku, quantity, unit_price, line_total)
         SELECT id, position, sku, quantity, unit_price, quantity * unit_price FROM wanted, updated
         WHERE (SELECT count(*) FROM gone) > 0
     ), recorded AS (
         ",
    insert_history!(),
    " SELECT id, version, $7, 'update', 'placed', 'placed', $10, $11, $12 FROM updated
     )
     SELECT wanted.sku, quantity, unit_price, fits, there.version AS there_version,
         there.status AS there_status, updated.*
     FROM wanted LEFT JOIN there ON true LEFT JOIN updated ON true ORDER BY position",
);

/// The order, if the invocation `$2` updated it at `$3`.
pub(super) const OWN_UPDATE: &str = concat!(
    "SELECT ",
    order_columns!(),
    line_columns!(),
    " FROM orders",
    with_lines!("orders"),
    " WHERE id = $1 AND EXISTS (
         SELECT 1 FROM order_history
         WHERE order_id = $1 AND action = 'update' AND invocation_id = $2 AND at = $3)",
);

/// The lines are those that the statement saw at its start, so it changes nothing where it had to wait for somebody who
/// changed the order; then it is to be tried again.
macro_rules! cancel {
    ($within:literal) => {
        concat!(
            "WITH cancelled AS (
                 UPDATE orders SET status = 'cancelled', version = version + 1, updated_at = $2
                 WHERE id = $1 AND status = 'placed' AND version = (SELECT version FROM orders WHERE id = $1)
                   AND ",
            $within,
            " RETURNING ",
            order_columns!(),
            "), recorded AS (
                 ",
            insert_history!(),
            " SELECT id, version, $2, 'cancel', 'placed', 'cancelled', $3, $4, $5 FROM cancelled
             )
             SELECT ",
            order_columns!(),
            line_columns!(),
            " FROM cancelled",
            with_lines!("cancelled"),
        )
    };
}

pub(super) const CANCEL: Scoped =
    Scoped { own: cancel!("owner_tenant = $6 AND owner_object = $7"), tenant: cancel!("owner_tenant = $6") };

macro_rules! order {
    ($within:literal) => {
        concat!(
            "SELECT ",
            order_columns!(),
            line_columns!(),
            " FROM orders",
            with_lines!("orders"),
            " WHERE id = $1 AND ",
            $within,
        )
    };
}

pub(super) const ORDER: Scoped =
    Scoped { own: order!("owner_tenant = $2 AND owner_object = $3"), tenant: order!("owner_tenant = $2") };

macro_rules! orders {
    ($within:literal, $newest_first:literal, $limit:literal) => {
        concat!(
            "SELECT ",
            order_columns!(),
            line_columns!(),
            " FROM orders",
            with_lines!("orders"),
            " WHERE ",
            $within,
            " ORDER BY ",
            $newest_first,
            " LIMIT ",
            $limit,
        )
    };
}

/// The scope's parameters stand first.
///
/// An owner's orders are a range of their index. With `=` for the owner the server would know that the ids alone give
/// the sequence, and where an owner has many orders it would read everybody's newest ones until it finds enough.
pub(super) const ORDERS: Scoped = Scoped {
    own: orders!(
        "owner_tenant IS NOT DISTINCT FROM $1 AND owner_object IS NOT DISTINCT FROM $2
         AND (owner_tenant, owner_object) >= ($1, $2) AND (owner_tenant, owner_object, id) < ($1, $2, $3)",
        "owner_tenant DESC, owner_object DESC, id DESC",
        "$4"
    ),
    tenant: orders!("owner_tenant = $1 AND id < $2", "id DESC", "$3"),
};

/// As in [`cancel`].
macro_rules! queue {
    ($within:literal) => {
        concat!(
            "WITH queued AS (
                 UPDATE orders SET status = 'queued', version = version + 1, updated_at = $2
                 WHERE id = $1 AND status = 'placed' AND version = (SELECT version FROM orders WHERE id = $1)
                   AND ",
            $within,
            " RETURNING ",
            order_columns!(),
            "), recorded AS (
                 ",
            insert_history!(),
            " SELECT id, version, $2, 'process', 'placed', 'queued', $8, $9, $10 FROM queued
             ), kept AS (
                 INSERT INTO outbox (message_id, binding, payload, created_at, due_at, sent)
                 SELECT $3, $4, $5, $2, $6, $7 FROM queued
             )
             SELECT ",
            order_columns!(),
            line_columns!(),
            " FROM queued",
            with_lines!("queued"),
        )
    };
}

pub(super) const QUEUE: Scoped =
    Scoped { own: queue!("owner_tenant = $11 AND owner_object = $12"), tenant: queue!("owner_tenant = $11") };

/// Reads the order; unless it is queued, the message is received and its outbox row closed. The lock prevents a change
/// of status until that is done.
pub(super) const PENDING: &str = concat!(
    "WITH other AS (
         SELECT 1 FROM outbox WHERE message_id = $2 AND payload <> $5
     ), settled AS (
         SELECT id FROM orders WHERE id = $1 AND status <> 'queued' AND NOT EXISTS (SELECT 1 FROM other)
         FOR SHARE
     ), received AS (
         INSERT INTO inbox (binding, message_id, received_at) SELECT $4, $2, $3 FROM settled
         ON CONFLICT DO NOTHING
     ), closed AS (
         UPDATE outbox SET consumed_at = $3
         WHERE message_id = $2 AND consumed_at IS NULL AND EXISTS (SELECT 1 FROM settled)
     )
     SELECT EXISTS (SELECT 1 FROM other) AS reused, ",
    order_columns!(),
    line_columns!(),
    " FROM (SELECT 1) AS one LEFT JOIN orders ON id = $1",
    with_lines!("orders"),
);

/// A message that was received before decides nothing, and is closed all the same. The outbox row is locked first:
/// all that decide about a message meet there.
pub(super) const DECIDE: &str = concat!(
    "WITH received AS (
         INSERT INTO inbox (binding, message_id, received_at) VALUES ($5, $4, $3)
         ON CONFLICT DO NOTHING RETURNING message_id
     ), decided AS (
         UPDATE orders SET status = $2, version = version + 1, updated_at = $3
         WHERE id = $1 AND status = 'queued' AND EXISTS (SELECT 1 FROM received)
         RETURNING id, version
     ), recorded AS (
         ",
    insert_history!(),
    " SELECT id, version, $3, $6, 'queued', $2, 'system', NULL, $7 FROM decided
     ), closed AS (
         UPDATE outbox SET consumed_at = $3 WHERE message_id = $4 AND consumed_at IS NULL RETURNING 1
     )
     SELECT EXISTS (SELECT 1 FROM decided) FROM (SELECT count(*) AS rows FROM closed) AS first WHERE rows >= 0",
);

/// With nulls for the order and the message it only stores the dead letter and closes the outbox rows with the same
/// payload.
pub(super) const RECORD_DEAD_LETTER: &str = concat!(
    "WITH other AS (
         SELECT 1 FROM outbox WHERE message_id = $12 AND payload <> $16
     ), wanted AS (
         SELECT 1 WHERE $11 IS NULL OR NOT EXISTS (
             SELECT 1 FROM dead_letters WHERE queue = $2 AND digest = $8 AND replayed_at IS NOT NULL)
     ), kept AS (
         INSERT INTO dead_letters
         (id, queue, message_id, order_id, reason, dequeue_count, payload, digest, recorded_at, replayed_at)
         SELECT $1, $2, $3, $4, CASE WHEN EXISTS (SELECT 1 FROM other) THEN 'reused' ELSE $5 END, $6, $7, $8, $9, $10
         FROM wanted
         ON CONFLICT (queue, digest) WHERE replayed_at IS NULL DO NOTHING RETURNING id
     ), failed AS (
         UPDATE orders SET status = 'failed', version = version + 1, updated_at = $13
         WHERE id = $11 AND status = 'queued' AND EXISTS (SELECT 1 FROM wanted)
           AND NOT EXISTS (SELECT 1 FROM other)
         RETURNING id, version
     ), recorded AS (
         ",
    insert_history!(),
    " SELECT id, version, $13, 'fail', 'queued', 'failed', 'system', NULL, $14 FROM failed
     ), closed AS (
         UPDATE outbox SET consumed_at = $13
         WHERE ((message_id = $12 AND NOT EXISTS (SELECT 1 FROM other)) OR (binding = $15 AND digest = $8))
           AND consumed_at IS NULL AND EXISTS (SELECT 1 FROM wanted)
         RETURNING 1
     )
     SELECT EXISTS (SELECT 1 FROM kept) AS kept, EXISTS (SELECT 1 FROM other) AS reused,
         EXISTS (SELECT 1 FROM failed) AS failed
     FROM (SELECT count(*) AS rows FROM closed) AS first WHERE rows >= 0",
);

pub(super) const DEAD_LETTER: &str =
    concat!("SELECT ", letter_columns!(), " FROM dead_letters WHERE id = $1");

pub(super) const REPLAY: &str = concat!(
    "WITH replayed AS (
         UPDATE dead_letters SET replayed_at = $2 WHERE id = $1 AND replayed_at IS NULL RETURNING ",
    letter_columns!(),
    "), sent AS (
         INSERT INTO outbox (message_id, binding, payload, created_at, due_at, sent, digest)
         SELECT $3, $4, $5, $2, $2, 0, $6 FROM replayed
     ), queued AS (
         UPDATE orders SET status = 'queued', version = version + 1, updated_at = $2
         WHERE id = $7 AND status = 'failed' AND EXISTS (SELECT 1 FROM replayed)
         RETURNING id, version
     ), recorded AS (
         ",
    insert_history!(),
    " SELECT id, version, $2, 'replay', 'failed', 'queued', $8, $9, $10 FROM queued
     )
     SELECT ",
    letter_columns!(),
    " FROM replayed",
);
