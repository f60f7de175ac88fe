//! The statements that engines share. Constant text, every value bound, ownership in the predicate.

use super::scope::Scoped;

/// The key that stands before every order or dead letter in lists that run from the newest: no UUID sorts after it.
pub(super) const BEFORE_NEWEST: &str = "~";

/// The key that stands before every product in lists by sku.
pub(super) const BEFORE_FIRST: &str = "";

macro_rules! order_columns {
    () => {
        "id, owner_tenant, owner_object, reference, status, currency, total, note, version, created_at, updated_at"
    };
}

macro_rules! product_columns {
    () => {
        "sku, name, currency, unit_price, active, version, updated_at"
    };
}

macro_rules! letter_columns {
    () => {
        "id, queue, message_id, order_id, reason, dequeue_count, payload, recorded_at, replayed_at"
    };
}

/// Whether a row is due at `$1`: its time has come, or a clock later than `$5` has set it. The row was set at `due_at`
/// less its wait, which is `$6` at first.
macro_rules! is_due {
    () => {
        "(due_at <= $1 OR due_at - CASE WHEN sent < 2 THEN $6
              WHEN sent > 13 OR ($2 << (sent - 1)) > $3 THEN $3 ELSE $2 << (sent - 1) END > $5)"
    };
}

pub(super) use {is_due, letter_columns, order_columns, product_columns};

pub(super) const PING: &str = "SELECT 1";

/// Reads the database file itself, with any schema.
pub(super) const READ_SCHEMA: &str = "SELECT count(*) FROM sqlite_master";

pub(super) const INSERT_ORDER: &str = concat!(
    "INSERT INTO orders (",
    order_columns!(),
    ") VALUES ($1, $2, $3, $4, 'placed', $5, $6, $7, 1, $8, $8) RETURNING ",
    order_columns!(),
);

pub(super) const INSERT_LINE: &str =
    "INSERT INTO order_lines (order_id, position, sku, quantity, unit_price, line_total)
     VALUES ($1, $2, $3, $4, $5, $6)";

pub(super) const INSERT_HISTORY: &str = "INSERT INTO order_history
     (order_id, version, at, action, from_status, to_status, actor_kind, actor_object, invocation_id)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";

macro_rules! order {
    ($within:literal) => {
        concat!("SELECT ", order_columns!(), " FROM orders WHERE id = $1 AND ", $within)
    };
}

pub(super) const ORDER: Scoped =
    Scoped { own: order!("owner_tenant = $2 AND owner_object = $3"), tenant: order!("owner_tenant = $2") };

/// The order that a message points at, of any owner.
pub(super) const ORDER_OF_MESSAGE: &str = concat!("SELECT ", order_columns!(), " FROM orders WHERE id = $1");

/// Restricted to the creator; the version names the one that is replaced.
pub(super) const UPDATE_ORDER: &str = concat!(
    "UPDATE orders SET reference = $5, total = $6, note = $7, version = version + 1, updated_at = $8
     WHERE id = $1 AND owner_tenant = $2 AND owner_object = $3 AND status = 'placed' AND version = $4
     RETURNING ",
    order_columns!(),
);

pub(super) const DELETE_LINES: &str = "DELETE FROM order_lines WHERE order_id = $1";

macro_rules! cancel_order {
    ($within:literal) => {
        concat!(
            "UPDATE orders SET status = 'cancelled', version = version + 1, updated_at = $2
             WHERE id = $1 AND status = 'placed' AND ",
            $within,
            " RETURNING ",
            order_columns!(),
        )
    };
}

pub(super) const CANCEL_ORDER: Scoped = Scoped {
    own: cancel_order!("owner_tenant = $3 AND owner_object = $4"),
    tenant: cancel_order!("owner_tenant = $3"),
};

macro_rules! history {
    ($within:literal) => {
        concat!(
            "SELECT order_history.version, at, action, from_status, to_status, actor_kind, actor_object,
                 invocation_id
             FROM order_history JOIN orders ON orders.id = order_id
             WHERE order_id = $1 AND order_history.version < $2 AND ",
            $within,
            " ORDER BY order_history.version DESC LIMIT $3",
        )
    };
}

pub(super) const HISTORY: Scoped = Scoped {
    own: history!("owner_tenant = $4 AND owner_object = $5"),
    tenant: history!("owner_tenant = $4"),
};

/// A key that is old enough to be absent is not found.
pub(super) const KEY: &str = "SELECT content, order_id, unit_prices, created_at FROM idempotency_keys
     WHERE owner_tenant = $1 AND owner_object = $2 AND key = $3 AND created_at > $4";

pub(super) const INSERT_KEY: &str = "INSERT INTO idempotency_keys
     (owner_tenant, owner_object, key, content, order_id, unit_prices, created_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7)
     ON CONFLICT (owner_tenant, owner_object, key) DO UPDATE SET content = excluded.content,
         order_id = excluded.order_id, unit_prices = excluded.unit_prices, created_at = excluded.created_at";

pub(super) const LINES: &str =
    "SELECT sku, quantity, unit_price, line_total FROM order_lines WHERE order_id = $1 ORDER BY position";

macro_rules! orders {
    ($within:literal, $after:literal, $limit:literal) => {
        concat!(
            "SELECT ",
            order_columns!(),
            " FROM orders WHERE ",
            $within,
            " AND id < ",
            $after,
            " ORDER BY id DESC LIMIT ",
            $limit,
        )
    };
}

/// The scope's parameters stand first.
pub(super) const ORDERS: Scoped = Scoped {
    own: orders!("owner_tenant = $1 AND owner_object = $2", "$3", "$4"),
    tenant: orders!("owner_tenant = $1", "$2", "$3"),
};

macro_rules! queue_order {
    ($within:literal) => {
        concat!(
            "UPDATE orders SET status = 'queued', version = version + 1, updated_at = $2
             WHERE id = $1 AND status = 'placed' AND ",
            $within,
            " RETURNING ",
            order_columns!(),
        )
    };
}

pub(super) const QUEUE_ORDER: Scoped = Scoped {
    own: queue_order!("owner_tenant = $3 AND owner_object = $4"),
    tenant: queue_order!("owner_tenant = $3"),
};

/// Ends an order's wait for fulfilment, in one of the three ways in which it can end.
pub(super) const LEAVE_QUEUE: &str = "UPDATE orders SET status = $2, version = version + 1, updated_at = $3
     WHERE id = $1 AND status = 'queued' RETURNING version";

pub(super) const QUEUE_AGAIN: &str =
    "UPDATE orders SET status = 'queued', version = version + 1, updated_at = $2
     WHERE id = $1 AND status = 'failed' RETURNING version";

pub(super) const PRODUCT: &str = concat!("SELECT ", product_columns!(), " FROM products WHERE sku = $1");

pub(super) const INSERT_PRODUCT: &str = concat!(
    "INSERT INTO products (",
    product_columns!(),
    ") VALUES ($1, $2, $3, $4, $5, 1, $6) RETURNING ",
    product_columns!(),
);

pub(super) const REPLACE_PRODUCT: &str = concat!(
    "UPDATE products SET name = $2, currency = $3, unit_price = $4, active = $5, version = version + 1,
         updated_at = $6
     WHERE sku = $1 RETURNING ",
    product_columns!(),
);

pub(super) const ACTIVE_PRODUCTS: &str =
    concat!("SELECT ", product_columns!(), " FROM products WHERE sku > $1 AND active ORDER BY sku LIMIT $2",);

pub(super) const ALL_PRODUCTS: &str =
    concat!("SELECT ", product_columns!(), " FROM products WHERE sku > $1 ORDER BY sku LIMIT $2");

pub(super) const INSERT_MESSAGE: &str =
    "INSERT INTO outbox (message_id, binding, payload, created_at, due_at, sent, digest)
     VALUES ($1, $2, $3, $4, $5, $6, $7)";

pub(super) const CLOSE_MESSAGE: &str =
    "UPDATE outbox SET consumed_at = $2 WHERE message_id = $1 AND consumed_at IS NULL";

/// Whether an id belongs to a message of other content.
pub(super) const MESSAGE_OF_OTHER_CONTENT: &str =
    "SELECT EXISTS (SELECT 1 FROM outbox WHERE message_id = $1 AND payload <> $2)";

pub(super) const CLOSE_PAYLOAD: &str =
    "UPDATE outbox SET consumed_at = $3 WHERE binding = $1 AND digest = $2 AND consumed_at IS NULL";

pub(super) const RECEIVE_MESSAGE: &str =
    "INSERT INTO inbox (binding, message_id, received_at, content) VALUES ($1, $2, $3, $4)
     ON CONFLICT DO NOTHING";

pub(super) const RECEIVED_CONTENT: &str = "SELECT content FROM inbox WHERE binding = $1 AND message_id = $2";

pub(super) const INSERT_DEAD_LETTER: &str = "INSERT INTO dead_letters
     (id, queue, message_id, order_id, reason, dequeue_count, payload, digest, recorded_at, replayed_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
     ON CONFLICT (queue, digest) WHERE replayed_at IS NULL DO NOTHING";

pub(super) const DEAD_LETTERS: &str =
    concat!("SELECT ", letter_columns!(), " FROM dead_letters WHERE id < $1 ORDER BY id DESC LIMIT $2",);

pub(super) const DEAD_LETTER_EXISTS: &str = "SELECT 1 FROM dead_letters WHERE id = $1";

pub(super) const REPLAY_DEAD_LETTER: &str = concat!(
    "UPDATE dead_letters SET replayed_at = $2 WHERE id = $1 AND replayed_at IS NULL RETURNING ",
    letter_columns!(),
);

pub(super) const WAS_REPLAYED: &str =
    "SELECT 1 FROM dead_letters WHERE queue = $1 AND digest = $2 AND replayed_at IS NOT NULL LIMIT 1";

/// The `n`th sending is followed by the next after `$2 * 2ⁿ⁻¹`, at most `$3`. The shift is bounded: twelve
/// doublings of a second are more than the hour that bounds the wait.
pub(super) const TAKE_DUE: &str = concat!(
    "UPDATE outbox
     SET due_at = $1 + CASE WHEN sent > 12 OR ($2 << sent) > $3 THEN $3 ELSE $2 << sent END, sent = sent + 1
     WHERE message_id IN (
         SELECT message_id FROM (
             SELECT message_id, bytes, sum(bytes) OVER (ORDER BY created_at, message_id) AS total FROM (
                 SELECT message_id, created_at, length(payload) AS bytes FROM outbox
                 WHERE consumed_at IS NULL AND created_at >= $8 AND binding <> $7 AND ",
    is_due!(),
    " ORDER BY created_at, message_id LIMIT $4))
         WHERE total - bytes < $9)
     RETURNING message_id, binding, payload, created_at",
);

/// Each deletes at most `$2` rows that are older than `$1`.
pub(super) const PURGE_KEYS: &str =
    "DELETE FROM idempotency_keys WHERE (owner_tenant, owner_object, key) IN (
         SELECT owner_tenant, owner_object, key FROM idempotency_keys WHERE created_at <= $1 LIMIT $2)";

pub(super) const PURGE_DEAD_LETTERS: &str = "DELETE FROM dead_letters WHERE id IN (
         SELECT id FROM dead_letters WHERE replayed_at <= $1 LIMIT $2)";

/// Letters that were recorded at `$1` or before, and those before the newest `$2` and one more.
pub(super) const EXCESS_LETTERS: &str =
    "SELECT id, queue, message_id, order_id, reason, recorded_at FROM dead_letters
     WHERE replayed_at IS NULL AND (recorded_at <= $1 OR id < (
         SELECT id FROM dead_letters WHERE replayed_at IS NULL ORDER BY id DESC LIMIT 1 OFFSET $2))
     ORDER BY id LIMIT $3";

/// Rows made after `$1` are from the future, and rows of the output binding `$2` are on hold.
pub(super) const GAUGES: &str = "SELECT
         (SELECT min(created_at) FROM outbox WHERE consumed_at IS NULL AND created_at <= $1
             AND binding <> $2) AS oldest,
         (SELECT count(*) FROM outbox WHERE consumed_at IS NULL) AS open_rows,
         (SELECT count(*) FROM outbox WHERE consumed_at IS NULL AND created_at > $1) AS future_rows,
         (SELECT count(*) FROM outbox WHERE consumed_at IS NULL AND binding = $2) AS held_rows,
         (SELECT count(*) FROM dead_letters WHERE replayed_at IS NULL) AS letters,
         (SELECT min(recorded_at) FROM dead_letters WHERE replayed_at IS NULL) AS oldest_letter";
