-- Returns the keys of attributes by scope: those of a sample of recent spans, with their events and links, and those of the
-- resources and scopes that were seen last. Keys have at most 200 characters.
-- :sample    see sample.sql.
-- :'scopes'  which scopes: span, resource, event, link, instrumentation.
-- :'limit'   how many keys of each scope.
WITH :sample,
entry AS (
  SELECT 'span' AS scope, key FROM sample, jsonb_object_keys(attributes) AS key
  WHERE 'span' = ANY (:'scopes'::text[])
  UNION
  SELECT 'resource', key FROM sampled_resource, jsonb_object_keys(attributes) AS key
  WHERE 'resource' = ANY (:'scopes'::text[])
  UNION
  SELECT 'event', key FROM sampled_event, jsonb_object_keys(attributes) AS key
  WHERE 'event' = ANY (:'scopes'::text[])
  UNION
  SELECT 'link', key FROM sampled_link, jsonb_object_keys(attributes) AS key
  WHERE 'link' = ANY (:'scopes'::text[])
  UNION
  SELECT 'instrumentation', key FROM sampled_scope, jsonb_object_keys(attributes) AS key
  WHERE 'instrumentation' = ANY (:'scopes'::text[])
)
SELECT scope, key
FROM (
  SELECT scope, key, row_number() OVER (PARTITION BY scope ORDER BY key COLLATE "C") AS nth
  FROM entry
  WHERE length(key) BETWEEN 1 AND 200
) AS numbered
WHERE nth <= :'limit'
ORDER BY scope, nth
