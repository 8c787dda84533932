-- Returns the attribute keys of a sample of recent spans, or the values of one key as JSON, and how many spans of the sample have each.
-- The sample is the 20 newest spans of each of the 500 operations that were seen last. Keys and values have at most 200
-- characters.
-- :'service_name'  only spans of this service; NULL for all.
-- :'start_min'     the first start of a span.
-- :'start_max'     the last start of a span.
-- :'key'           the key whose values to return; NULL for keys.
-- :'limit'         how many rows to return.
WITH sample AS MATERIALIZED (
  SELECT s.attributes, s.resource_id
  FROM (
    SELECT id FROM tracestore.operation
    WHERE :'service_name'::text IS NULL OR service_name = :'service_name'
    ORDER BY last_seen DESC, id
    LIMIT 500
  ) AS o
  CROSS JOIN LATERAL (
    SELECT attributes, resource_id
    FROM tracestore.span
    WHERE operation_id = o.id AND start_time BETWEEN :'start_min'::timestamptz AND :'start_max'::timestamptz
    ORDER BY start_time DESC
    LIMIT 20
  ) AS s
),
-- Resources are few: each one's attributes are read once.
resource AS (
  SELECT r.attributes, sampled.spans
  FROM (SELECT resource_id, count(*) AS spans FROM sample GROUP BY resource_id) AS sampled
  JOIN tracestore.resource r ON r.id = sampled.resource_id
),
entry AS (
  SELECT 'span' AS level, key, value, 1 AS spans
  FROM sample, jsonb_each(attributes)
  WHERE :'key'::text IS NULL OR key = :'key'
  UNION ALL
  SELECT 'resource', key, value, spans
  FROM resource, jsonb_each(attributes)
  WHERE :'key'::text IS NULL OR key = :'key'
)
SELECT
  CASE WHEN :'key' IS NULL THEN level END AS level,
  CASE WHEN :'key' IS NULL THEN key ELSE value::text END AS text,
  sum(spans)::int4 AS spans
FROM entry
-- A number may be stored with many digits and shown with few.
WHERE CASE
  WHEN :'key' IS NULL THEN length(key) <= 200
  ELSE jsonb_typeof(value) IN ('null', 'number') OR length(value #>> '{}') <= 200
END
GROUP BY 1, 2
ORDER BY spans DESC, text, level
LIMIT :'limit'
