SELECT 'products ' || to_jsonb(products)::text FROM products
UNION ALL SELECT 'orders ' || to_jsonb(orders)::text FROM orders
UNION ALL SELECT 'lines ' || to_jsonb(order_lines)::text FROM order_lines
UNION ALL SELECT 'history ' || to_jsonb(order_history)::text FROM order_history
UNION ALL SELECT 'outbox ' || to_jsonb(outbox)::text FROM outbox
UNION ALL SELECT 'inbox ' || to_jsonb(inbox)::text FROM inbox
UNION ALL SELECT 'dead letters ' || to_jsonb(dead_letters)::text FROM dead_letters
UNION ALL SELECT 'keys ' || to_jsonb(idempotency_keys)::text FROM idempotency_keys
ORDER BY 1
