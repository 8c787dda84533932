-- What the ids $1 of operations stand for.
SELECT id, service_name, span_name, span_kind
FROM tracestore.operation
WHERE id = ANY ($1::int8[])
