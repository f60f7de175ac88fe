-- 100,000 orders of 1,000 owners, and of one who has most of the older ones. Each has two lines and three history entries.
-- Every hundredth message is open, every hundredth order's letter waits for a replay.
CREATE FUNCTION nth(n bigint) RETURNS uuid LANGUAGE sql IMMUTABLE
    AS $$ SELECT CAST('0197a3c5-0000-7000-8000-' || lpad(to_hex(n), 12, '0') AS uuid) $$;
CREATE FUNCTION message(n bigint) RETURNS uuid LANGUAGE sql IMMUTABLE
    AS $$ SELECT CAST('0197a3c6-0000-7000-8000-' || lpad(to_hex(n), 12, '0') AS uuid) $$;
CREATE FUNCTION owner(n bigint) RETURNS uuid LANGUAGE sql IMMUTABLE
    AS $$ SELECT CAST('00000000-0000-0000-0000-' || lpad(to_hex(n), 12, '0') AS uuid) $$;
CREATE FUNCTION tenant() RETURNS uuid LANGUAGE sql IMMUTABLE
    AS $$ SELECT CAST('00000000-0000-0000-0000-00000000007e' AS uuid) $$;
CREATE FUNCTION newest() RETURNS uuid LANGUAGE sql IMMUTABLE
    AS $$ SELECT CAST('ffffffff-ffff-ffff-ffff-ffffffffffff' AS uuid) $$;
CREATE FUNCTION payload(n bigint) RETURNS bytea LANGUAGE sql IMMUTABLE
    AS $$ SELECT convert_to('{"version":1,"messageId":"' || message(n) || '","orderId":"' || nth(n) || '"}', 'UTF8') $$;

-- References are not checked row by row.
SET session_replication_role = replica;

INSERT INTO products (sku, name, currency, unit_price, active, version, updated_at)
    SELECT 'SKU-' || n, 'Beans', 'EUR', 1250, true, 1, 0 FROM generate_series(1, 1000) AS n;

INSERT INTO orders (id, owner_tenant, owner_object, reference, status, currency, total, note, version, created_at, updated_at)
    SELECT nth(n), tenant(), owner(CASE WHEN n <= 90000 AND n % 10 > 1 THEN 2000 ELSE n % 1000 END), 'PO-' || n, CASE n % 10 WHEN 0 THEN 'queued' WHEN 1 THEN 'placed' WHEN 2
        THEN 'failed' ELSE 'fulfilled' END, 'EUR', 3750, NULL, 3, n, n
    FROM generate_series(1, 100000) AS n;

INSERT INTO order_lines (order_id, position, sku, quantity, unit_price, line_total)
    SELECT nth(n), position, 'SKU-' || (n + position) % 1000 + 1, 1, 1250, 1250
    FROM generate_series(1, 100000) AS n, generate_series(0, 1) AS position;

INSERT INTO order_history (order_id, version, at, action, from_status, to_status, actor_kind, actor_object, invocation_id)
    SELECT nth(n), version, n, 'update', 'placed', 'placed', 'user', owner(n % 1000), nth(n)
    FROM generate_series(1, 100000) AS n, generate_series(1, 3) AS version;

INSERT INTO outbox (message_id, binding, payload, created_at, due_at, sent, consumed_at)
    SELECT message(n), 'fulfilment', payload(n), n, n, 1, CASE WHEN n % 100 > 0 THEN n END
    FROM generate_series(1, 100000) AS n;

INSERT INTO inbox (binding, message_id, received_at)
    SELECT 'fulfilment', message(n), n FROM generate_series(1, 100000) AS n WHERE n % 10 > 0;

INSERT INTO dead_letters (id, queue, message_id, order_id, reason, payload, digest, recorded_at, replayed_at)
    SELECT nth(n), 'orders-fulfilment', message(n), nth(n), 'poison', payload(n), sha256(payload(n)), n,
        CASE WHEN n % 100 <> 2 THEN n END
    FROM generate_series(2, 100000, 10) AS n;

INSERT INTO idempotency_keys (owner_tenant, owner_object, key, content, order_id, unit_prices, created_at)
    SELECT tenant(), owner(n % 1000), 'key-' || n, sha256(payload(n)), nth(n), '[1250,1250]', n
    FROM generate_series(1, 100000) AS n;

SET session_replication_role = origin;
