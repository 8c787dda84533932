-- Adds the scopes that a writer does not know to be there, and says of those that are that they are still in use: what has
-- not been seen for long is removed. Rows come sorted by id, so that two writers never wait for each other in a circle.
INSERT INTO tracestore.scope (id, name, version, attributes, dropped_attributes_count, schema_url)
SELECT * FROM unnest($1::int8[], $2::text[], $3::text[], $4::jsonb[], $5::int4[], $6::text[])
ON CONFLICT (id) DO UPDATE SET last_seen = now()
WHERE scope.last_seen NOT BETWEEN now() - interval '1 hour' AND now();
