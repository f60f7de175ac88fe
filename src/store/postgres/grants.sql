-- Exactly what the functions of each app need. Runs as orders_owner after every migration, in one transaction.

-- What an earlier version granted and no app needs any more goes first.
REVOKE ALL ON products, orders, order_lines, order_history, outbox, inbox, dead_letters, idempotency_keys,
    _sqlx_migrations FROM orders_api, orders_processor;

-- Both find out whether the schema is new enough for them.
GRANT SELECT ON _sqlx_migrations TO orders_api, orders_processor;

-- api: what its callers place, read, change and hand over. It closes no message and reads none; who owns an order and
-- what happened to it, it can only write once.
GRANT SELECT, INSERT ON products TO orders_api;
GRANT UPDATE (name, currency, unit_price, active, version, updated_at) ON products TO orders_api;
GRANT SELECT, INSERT ON orders TO orders_api;
GRANT UPDATE (reference, total, note, status, version, updated_at) ON orders TO orders_api;
GRANT SELECT, INSERT, DELETE ON order_lines TO orders_api;
GRANT SELECT, INSERT ON order_history TO orders_api;
GRANT INSERT ON outbox TO orders_api;
GRANT SELECT ON dead_letters TO orders_api;
GRANT UPDATE (replayed_at) ON dead_letters TO orders_api;
GRANT SELECT, INSERT ON idempotency_keys TO orders_api;
GRANT UPDATE (content, order_id, unit_prices, created_at) ON idempotency_keys TO orders_api;

-- processor: what messages ask for, and what becomes of them. It sets no price, changes no word of an order, and
-- reads back no payload that was given up.
GRANT SELECT ON products TO orders_processor;
GRANT SELECT, INSERT ON orders TO orders_processor;
GRANT UPDATE (status, version, updated_at) ON orders TO orders_processor;
GRANT SELECT, INSERT ON order_lines TO orders_processor;
GRANT INSERT ON order_history TO orders_processor;
GRANT SELECT, DELETE ON outbox TO orders_processor;
GRANT UPDATE (due_at, sent, consumed_at) ON outbox TO orders_processor;
GRANT SELECT, INSERT, DELETE ON inbox TO orders_processor;
GRANT SELECT (id, queue, message_id, order_id, reason, digest, recorded_at, replayed_at), INSERT, DELETE
    ON dead_letters TO orders_processor;
GRANT SELECT (owner_tenant, owner_object, key, created_at), DELETE ON idempotency_keys TO orders_processor;
