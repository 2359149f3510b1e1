//! Years of buying.

/// Twenty thousand purchase orders with their shipments, of which few are still on their way.
pub(crate) const PAST: &str = "
INSERT INTO supplier (id, code, name, lead_time_days, currency, archived, revision, created_at, updated_at)
SELECT 'past-' || n, 'past-' || n, 'Past', 1, 'EUR', false, 1, now(), now() FROM generate_series(1, 5000) AS n;
INSERT INTO purchase_order (id, number, supplier_id, status, currency, revision, created_at, updated_at)
SELECT 'past-' || n, 'past-' || n, 'past-' || 1 + n % 5000, CASE WHEN n % 100 = 0 THEN 'ORDERED' ELSE 'RECEIVED' END,
       'EUR', 1, now() - n * interval '1 minute', now() FROM generate_series(1, 20000) AS n;
INSERT INTO purchase_order_line (id, purchase_order_id, position, variant_id, location_id, quantity, unit_cost_minor)
SELECT 'past-' || row_number() OVER (), 'past-' || row_number() OVER (), 1, variant_id, location_id, 5, 1
FROM (SELECT * FROM stock_level ORDER BY id LIMIT 20000) AS level;
INSERT INTO inbound_shipment (id, purchase_order_id, status, expected_at, revision, created_at, updated_at)
SELECT 'past-' || n, 'past-' || n, CASE WHEN n % 100 = 0 THEN 'IN_TRANSIT' ELSE 'CLOSED' END,
       now() - n * interval '1 minute', 1, now(), now() FROM generate_series(1, 20000) AS n;
INSERT INTO inbound_line (id, purchase_order_id, purchase_order_line_id, shipment_id, variant_id, location_id, quantity,
  accepted_quantity, rejected_quantity, damaged_quantity, cut_quantity, open_quantity, promised_quantity, expected_at,
  created_at)
SELECT id, purchase_order_id, id, purchase_order_id, variant_id, location_id, 5, 5, 0, 0, 0, 0, 0, now(), now()
FROM purchase_order_line;
UPDATE inbound_line SET accepted_quantity = 0, open_quantity = 5
WHERE shipment_id IN (SELECT id FROM inbound_shipment WHERE status = 'IN_TRANSIT');
INSERT INTO inbound_receipt (id, line_id, accepted_quantity, rejected_quantity, damaged_quantity, actor, received_at)
SELECT id, id, 5, 0, 0, 'past', now() FROM inbound_line WHERE open_quantity = 0;
INSERT INTO channel (id, code, name, active, safety_stock, revision, created_at, updated_at)
VALUES ('past', 'past', 'Past', true, 0, 1, now(), now());
UPDATE variant SET stock_policy = 'BACKORDER' WHERE id IN (SELECT id FROM variant ORDER BY sku LIMIT 20);
INSERT INTO sell_policy (variant_id, updated_at) SELECT id, now() FROM variant;
INSERT INTO order_promise (order_id, order_line_id, variant_id, channel, quantity, waiting_quantity, first_expected_at,
  promised_at, revision, updated_at)
SELECT order_id, id, variant_id, 'past', 1, CASE WHEN id LIKE '%00' THEN 1 ELSE 0 END, now(), now(), 1, now()
FROM order_line;
INSERT INTO promise_entry (id, order_line_id, revision, kind, waiting_quantity, reason, occurred_at)
SELECT id, id, 1, 'MADE', 1, 'past', now() FROM order_line;
ANALYZE sell_policy, order_promise, promise_entry, channel, variant, supplier, purchase_order, purchase_order_line, inbound_shipment, inbound_line, inbound_receipt;
";
