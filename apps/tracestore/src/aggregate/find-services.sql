-- Returns the services of operations, and whether their spans are of a kind whose parent is in another process.
-- :'operation_ids'  the operations.
SELECT id::text, service_name, span_kind IN (2, 5) AS is_entry FROM tracestore.operation WHERE id = ANY (:'operation_ids'::int8[]);
