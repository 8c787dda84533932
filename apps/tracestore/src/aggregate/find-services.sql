-- Which services are the operations $1 of?
SELECT id::text, service_name FROM tracestore.operation WHERE id = ANY ($1::int8[]);
