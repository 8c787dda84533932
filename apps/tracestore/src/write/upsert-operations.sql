-- Adds the operations that a writer does not know to be there, and says of those that are that they are still in use: what has
-- not been seen for long is removed. Rows come sorted by id, so that two writers never wait for each other in a circle.
INSERT INTO tracestore.operation (id, service_name, span_kind, span_name)
SELECT * FROM unnest($1::int8[], $2::text[], $3::int4[], $4::text[])
ON CONFLICT (id) DO UPDATE SET last_seen = tracestore.database_time()
WHERE operation.last_seen NOT BETWEEN tracestore.database_time() - interval '1 hour' AND tracestore.database_time()
  -- Whatever the clock has shown: once a day of observed time.
  OR pg_current_xact_id()::text::int8 - age(operation.xmin) < (SELECT tracestore.receipt_cutoff(86400));
