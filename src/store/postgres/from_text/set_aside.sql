-- Moves the tables with text columns into a schema of their own, with their indexes. Runs as orders_owner, which owns the
-- database, in the transaction that makes the new tables.
CREATE SCHEMA orders_with_text_columns;

-- The first of the two old migrations had neither.
ALTER TABLE inbox ADD COLUMN IF NOT EXISTS content TEXT;
ALTER TABLE outbox ADD COLUMN IF NOT EXISTS digest TEXT;
CREATE TABLE IF NOT EXISTS idempotency_keys (
    owner_tenant TEXT, owner_object TEXT, key TEXT, content TEXT, order_id TEXT, unit_prices TEXT, created_at BIGINT);

ALTER TABLE products SET SCHEMA orders_with_text_columns;
ALTER TABLE orders SET SCHEMA orders_with_text_columns;
ALTER TABLE order_lines SET SCHEMA orders_with_text_columns;
ALTER TABLE order_history SET SCHEMA orders_with_text_columns;
ALTER TABLE outbox SET SCHEMA orders_with_text_columns;
ALTER TABLE inbox SET SCHEMA orders_with_text_columns;
ALTER TABLE dead_letters SET SCHEMA orders_with_text_columns;
ALTER TABLE idempotency_keys SET SCHEMA orders_with_text_columns;

DELETE FROM _sqlx_migrations;
