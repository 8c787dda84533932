-- Returns the services of operations.
-- :'operation_ids'  the operations.
SELECT id::text, service_name FROM tracestore.operation WHERE id = ANY (:'operation_ids'::int8[]);
