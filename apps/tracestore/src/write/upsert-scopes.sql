-- Adds the scopes that are not known yet. Rows come sorted by id, so that two writers never wait for each other in a
-- circle.
INSERT INTO tracestore.scope (id, name, version, attributes, dropped_attributes_count, schema_url)
SELECT * FROM unnest($1::int8[], $2::text[], $3::text[], $4::jsonb[], $5::int4[], $6::text[])
ON CONFLICT (id) DO NOTHING;
