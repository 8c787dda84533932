-- Returns scopes by their ids.
-- :'ids'  the ids.
SELECT id, name, version, attributes::text AS attributes, dropped_attributes_count, schema_url
FROM tracestore.scope
WHERE id = ANY (:'ids'::int8[])
