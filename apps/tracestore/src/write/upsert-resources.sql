-- Adds the resources that are not known yet. Rows come sorted by id, so that two writers never wait for each other in
-- a circle.
INSERT INTO tracestore.resource (id, service_name, attributes, dropped_attributes_count, schema_url, entity_refs)
SELECT * FROM unnest($1::int8[], $2::text[], $3::jsonb[], $4::int4[], $5::text[], $6::jsonb[])
ON CONFLICT (id) DO NOTHING;
