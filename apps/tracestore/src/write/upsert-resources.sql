-- Adds the resources that a writer does not know to be there, and says of those that are that they are still in use: what has
-- not been seen for long is removed. Rows come sorted by id, so that two writers never wait for each other in a circle.
INSERT INTO tracestore.resource (id, service_name, attributes, dropped_attributes_count, schema_url, entity_refs)
SELECT * FROM unnest($1::int8[], $2::text[], $3::jsonb[], $4::int4[], $5::text[], $6::jsonb[])
ON CONFLICT (id) DO UPDATE SET last_seen = now()
WHERE resource.last_seen NOT BETWEEN now() - interval '1 hour' AND now();
