-- Adds the scopes that a writer does not know to be there, and says of those that are that they are still in use: what has
-- not been seen for long is removed. Rows come sorted by id, so that two writers never wait for each other in a circle.
INSERT INTO tracestore.scope (id, name, version, attributes, dropped_attributes_count, schema_url)
SELECT * FROM unnest($1::int8[], $2::text[], $3::text[], $4::jsonb[], $5::int4[], $6::text[])
ON CONFLICT (id) DO UPDATE SET last_seen = tracestore.database_time()
WHERE scope.last_seen NOT BETWEEN tracestore.database_time() - interval '1 hour' AND tracestore.database_time()
  -- Whatever the clock has shown: once a day of observed time.
  OR pg_current_xact_id()::text::int8 - age(scope.xmin) < (SELECT tracestore.receipt_cutoff(86400));
