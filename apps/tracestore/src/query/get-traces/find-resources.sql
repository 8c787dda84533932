-- Returns resources by their ids.
-- :'ids'  the ids.
SELECT id, attributes::text AS attributes, dropped_attributes_count, schema_url, entity_refs::text AS entity_refs
FROM tracestore.resource
WHERE id = ANY (:'ids'::int8[])
