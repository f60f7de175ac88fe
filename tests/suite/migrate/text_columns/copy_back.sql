INSERT INTO products SELECT sku, name, currency, unit_price, active, version, updated_at FROM set_aside.products;
INSERT INTO orders SELECT id::text, owner_tenant::text, owner_object::text, reference, status, currency, total, note, version,
    created_at, updated_at FROM set_aside.orders;
INSERT INTO order_lines SELECT order_id::text, position, sku, quantity, unit_price, line_total FROM set_aside.order_lines;
INSERT INTO order_history SELECT order_id::text, version, at, action, from_status, to_status, actor_kind, actor_object::text,
    invocation_id::text FROM set_aside.order_history;
INSERT INTO outbox SELECT message_id::text, binding, payload, created_at, due_at, sent, consumed_at, encode(digest, 'hex')
    FROM set_aside.outbox;
INSERT INTO inbox SELECT binding, message_id::text, received_at, encode(content, 'hex') FROM set_aside.inbox;
INSERT INTO dead_letters SELECT id::text, queue, message_id::text, order_id::text, reason, dequeue_count, payload,
    encode(digest, 'hex'), recorded_at, replayed_at FROM set_aside.dead_letters;
INSERT INTO idempotency_keys SELECT owner_tenant::text, owner_object::text, key, encode(content, 'hex'), order_id::text,
    unit_prices, created_at FROM set_aside.idempotency_keys;
DROP SCHEMA set_aside CASCADE;
