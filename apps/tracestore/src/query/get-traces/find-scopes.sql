-- What the ids $1 of scopes stand for.
SELECT id, name, version, attributes::text AS attributes, dropped_attributes_count, schema_url
FROM tracestore.scope
WHERE id = ANY ($1::int8[])
