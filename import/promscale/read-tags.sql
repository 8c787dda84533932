-- Returns tags: the key, and the value as JSON.
-- :'ids'  the ids of the tags.
SELECT id::text AS id, key::text AS key, value::jsonb::text AS value
FROM _ps_trace.tag
WHERE id = ANY (:'ids'::int8[]);
