-- What the ids $1 of resources stand for.
SELECT id, attributes::text AS attributes, dropped_attributes_count, schema_url, entity_refs::text AS entity_refs
FROM tracestore.resource
WHERE id = ANY ($1::int8[])
