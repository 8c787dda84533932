-- The newest spans of the operations that were seen last, with the events and links of the first few of each operation. Fragment
-- of find-tag-keys.sql and find-tag-values.sql, which begin with it.
-- :'start_min'  the first start of a span.
-- :'start_max'  the last start of a span.
sample AS MATERIALIZED (
  SELECT s.*
  FROM (SELECT id FROM tracestore.operation ORDER BY last_seen DESC, id LIMIT 500) AS o
  CROSS JOIN LATERAL (
    SELECT trace_id, span_id, instance, start_time, attributes, status_message, row_number() OVER (ORDER BY start_time DESC) AS nth
    FROM tracestore.span
    WHERE operation_id = o.id AND start_time BETWEEN :'start_min'::timestamptz AND :'start_max'::timestamptz
    ORDER BY start_time DESC
    LIMIT 20
  ) AS s
),
sampled_event AS MATERIALIZED (
  SELECT e.name, e.attributes
  FROM sample s
  CROSS JOIN LATERAL (
    SELECT name, attributes FROM tracestore.event
    WHERE trace_id = s.trace_id AND span_id = s.span_id AND span_start_time = s.start_time
    LIMIT 20
  ) AS e
  WHERE s.nth <= 5
),
sampled_link AS MATERIALIZED (
  SELECT l.attributes
  FROM sample s
  CROSS JOIN LATERAL (
    SELECT attributes FROM tracestore.link
    WHERE trace_id = s.trace_id AND span_id = s.span_id AND span_start_time = s.start_time
    LIMIT 20
  ) AS l
  WHERE s.nth <= 5
),
sampled_resource AS MATERIALIZED (
  SELECT attributes FROM tracestore.resource ORDER BY last_seen DESC, id LIMIT 2000
),
sampled_scope AS MATERIALIZED (
  SELECT name, version, attributes FROM tracestore.scope ORDER BY last_seen DESC, id LIMIT 2000
)
