-- Which attribute keys do recent spans have, of service $1 or of all, that started from $2 to $3: how many of a sample of
-- them? Of each of the 500 operations that were seen last it looks at the 20 newest spans. With $4, values of that key
-- instead, as JSON. No key or value has more than 200 characters.
WITH sample AS MATERIALIZED (
  SELECT s.attributes, s.resource_id
  FROM (
    SELECT id FROM tracestore.operation
    WHERE $1::text IS NULL OR service_name = $1
    ORDER BY last_seen DESC, id
    LIMIT 500
  ) AS o
  CROSS JOIN LATERAL (
    SELECT attributes, resource_id
    FROM tracestore.span
    WHERE operation_id = o.id AND start_time BETWEEN $2::timestamptz AND $3::timestamptz
    ORDER BY start_time DESC
    LIMIT 20
  ) AS s
),
-- Resources are few: each is taken apart once.
resource AS (
  SELECT r.attributes, sampled.spans
  FROM (SELECT resource_id, count(*) AS spans FROM sample GROUP BY resource_id) AS sampled
  JOIN tracestore.resource r ON r.id = sampled.resource_id
),
entry AS (
  SELECT 'span' AS level, key, value, 1 AS spans
  FROM sample, jsonb_each(attributes)
  WHERE $4::text IS NULL OR key = $4
  UNION ALL
  SELECT 'resource', key, value, spans
  FROM resource, jsonb_each(attributes)
  WHERE $4::text IS NULL OR key = $4
)
SELECT
  CASE WHEN $4 IS NULL THEN level END AS level,
  CASE WHEN $4 IS NULL THEN key ELSE value::text END AS text,
  sum(spans)::int4 AS spans
FROM entry
-- A double may have many digits as it is stored, but few as it is shown.
WHERE CASE
  WHEN $4 IS NULL THEN length(key) <= 200
  ELSE jsonb_typeof(value) IN ('null', 'number') OR length(value #>> '{}') <= 200
END
GROUP BY 1, 2
ORDER BY spans DESC, text, level
LIMIT $5
