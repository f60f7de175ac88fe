-- What the worker writes for an order on its way, each step a transaction as there: placed with two lines, queued 200 orders
-- later, fulfilled 100 after that.
CREATE FUNCTION nth(n bigint) RETURNS uuid LANGUAGE sql IMMUTABLE
    AS $$ SELECT CAST(lpad(to_hex(n), 12, '0') || '70008000' || substr(md5(n::text), 1, 12) AS uuid) $$;
CREATE FUNCTION message(n bigint) RETURNS uuid LANGUAGE sql IMMUTABLE
    AS $$ SELECT CAST(lpad(to_hex(n), 12, '0') || '70009000' || substr(md5(n::text), 1, 12) AS uuid) $$;
CREATE FUNCTION owner(n bigint) RETURNS uuid LANGUAGE sql IMMUTABLE
    AS $$ SELECT CAST(md5((n % 1000)::text) AS uuid) $$;

INSERT INTO products (sku, name, currency, unit_price, active, version, updated_at)
    VALUES ('ESPRESSO-1KG', 'Espresso', 'EUR', 1250, true, 1, 0), ('CUP-6', 'Cups', 'EUR', 1250, true, 1, 0);

CREATE PROCEDURE fulfil(first bigint, until bigint, orders bigint, sessions bigint, kept bigint) LANGUAGE plpgsql AS $$
DECLARE
    n bigint := first;
    tenant CONSTANT uuid := '6a1c7f0e-2f5e-4c53-9d7b-0f2f1b7c1a01';
BEGIN
    WHILE n < until LOOP
        IF n < orders THEN
            INSERT INTO orders (id, owner_tenant, owner_object, reference, status, currency, total, note, version, created_at,
                updated_at) VALUES (nth(n), tenant, owner(n), 'PO-' || n, 'placed', 'EUR', 3750, 'ring twice', 1, n, n);
            INSERT INTO order_lines (order_id, position, sku, quantity, unit_price, line_total)
                VALUES (nth(n), 0, 'ESPRESSO-1KG', 2, 1250, 2500), (nth(n), 1, 'CUP-6', 1, 1250, 1250);
            INSERT INTO order_history (order_id, version, at, action, from_status, to_status, actor_kind, actor_object,
                invocation_id) VALUES (nth(n), 1, n, 'place', NULL, 'placed', 'user', owner(n), gen_random_uuid());
            COMMIT;
        END IF;
        IF n - 200 BETWEEN 0 AND orders - 1 THEN
            UPDATE orders SET status = 'queued', version = version + 1, updated_at = n WHERE id = nth(n - 200);
            INSERT INTO order_history (order_id, version, at, action, from_status, to_status, actor_kind, actor_object,
                invocation_id) VALUES (nth(n - 200), 2, n, 'process', 'placed', 'queued', 'user', owner(n), gen_random_uuid());
            INSERT INTO outbox (message_id, binding, payload, created_at, due_at, sent) VALUES (message(n - 200), 'fulfilment',
                convert_to('{"version":1,"messageId":"' || message(n - 200) || '","orderId":"' || nth(n - 200)
                    || '","traceparent":"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"}', 'UTF8'), n, n, 1);
            COMMIT;
        END IF;
        IF n - 300 BETWEEN 0 AND orders - 1 THEN
            INSERT INTO inbox (binding, message_id, received_at) VALUES ('fulfilment', message(n - 300), n);
            UPDATE orders SET status = 'fulfilled', version = version + 1, updated_at = n WHERE id = nth(n - 300);
            INSERT INTO order_history (order_id, version, at, action, from_status, to_status, actor_kind, actor_object,
                invocation_id) VALUES (nth(n - 300), 3, n, 'fulfil', 'queued', 'fulfilled', 'system', NULL, gen_random_uuid());
            UPDATE outbox SET consumed_at = n WHERE message_id = message(n - 300) AND consumed_at IS NULL;
            COMMIT;
        END IF;
        -- The nightly purge, for so many orders a retention period.
        IF n % 10000 < sessions THEN
            DELETE FROM outbox WHERE consumed_at <= n - kept;
            DELETE FROM inbox WHERE received_at <= n - kept;
            COMMIT;
        END IF;
        n := n + sessions;
    END LOOP;
END
$$;
