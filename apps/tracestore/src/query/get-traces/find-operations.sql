-- Returns operations by their ids.
-- :'ids'  the ids.
SELECT id, service_name, span_name, span_kind
FROM tracestore.operation
WHERE id = ANY (:'ids'::int8[])
