CREATE OR REPLACE VIEW tracestore.call_level AS
SELECT name, summed_of, width, keys
FROM (
  VALUES
    ('call_10s', NULL, interval '10 seconds', ARRAY['operation_id', 'parent_operation_id']),
    ('call_5m', 'call_10s', interval '5 minutes', ARRAY['operation_id', 'parent_operation_id']),
    ('call_1h', 'call_5m', interval '1 hour', ARRAY['operation_id', 'parent_operation_id']),
    ('service_call_10s', NULL, interval '10 seconds', ARRAY['service_name', 'parent_service_name', 'is_root']),
    ('service_call_5m', 'service_call_10s', interval '5 minutes', ARRAY['service_name', 'parent_service_name', 'is_root']),
    ('service_call_1h', 'service_call_5m', interval '1 hour', ARRAY['service_name', 'parent_service_name', 'is_root'])
) AS level (name, summed_of, width, keys);
COMMENT ON VIEW tracestore.call_level IS 'The tables of aggregates, by operation and by service: the table that a table is summed from, the width of its time buckets, and its key columns';
