-- Returns the values of a field, as JSON: those of a sample of recent spans, with their events and links, and those of the
-- resources and scopes that were seen last. Elements of arrays are values. Values have at most 1,000 characters.
-- :sample    see sample.sql.
-- :'fields'  where the values are: span, resource, event, link, instrumentation for attributes with the key, or an intrinsic:
--            statusMessage, event:name, instrumentation:name, instrumentation:version.
-- :'key'     the key of attributes.
-- :'limit'   how many values.
WITH :sample,
entry AS (
  SELECT attributes -> :'key' AS value FROM sample WHERE 'span' = ANY (:'fields'::text[])
  UNION
  SELECT attributes -> :'key' FROM sampled_resource WHERE 'resource' = ANY (:'fields'::text[])
  UNION
  SELECT attributes -> :'key' FROM sampled_event WHERE 'event' = ANY (:'fields'::text[])
  UNION
  SELECT attributes -> :'key' FROM sampled_link WHERE 'link' = ANY (:'fields'::text[])
  UNION
  SELECT attributes -> :'key' FROM sampled_scope WHERE 'instrumentation' = ANY (:'fields'::text[])
  UNION
  SELECT to_jsonb(status_message) FROM sample WHERE 'statusMessage' = ANY (:'fields'::text[])
  UNION
  SELECT to_jsonb(name) FROM sampled_event WHERE 'event:name' = ANY (:'fields'::text[])
  UNION
  SELECT to_jsonb(name) FROM sampled_scope WHERE 'instrumentation:name' = ANY (:'fields'::text[])
  UNION
  SELECT to_jsonb(version) FROM sampled_scope WHERE 'instrumentation:version' = ANY (:'fields'::text[])
),
element AS (
  SELECT value FROM entry WHERE jsonb_typeof(value) IN ('string', 'number', 'boolean')
  UNION
  SELECT element.value FROM entry, jsonb_array_elements(CASE WHEN jsonb_typeof(entry.value) = 'array' THEN entry.value END) AS element
  WHERE jsonb_typeof(element.value) IN ('string', 'number', 'boolean')
)
SELECT value::text AS json
FROM element
WHERE length(value #>> '{}') <= 1000
ORDER BY value #>> '{}' COLLATE "C"
LIMIT :'limit'
