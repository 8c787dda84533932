-- A trace for a waterfall: one text of JSON, in columns, as trace.schema.ts says; null where the trace is not known. Times
-- are nanoseconds after the first span's start. $1 is the trace; $2 and $3 are the first and the last time that spans have.
WITH stored AS MATERIALIZED (
  SELECT span_id, instance, parent_span_id, operation_id, start_time, start_nanos, end_time, end_nanos, coalesce(status_code, 0) AS status
  FROM tracestore.span
  WHERE trace_id = $1::uuid AND start_time BETWEEN $2::timestamptz AND $3::timestamptz
),
origin AS MATERIALIZED (
  SELECT min(start_time) AS start_time FROM stored
),
-- Times after the first one are small enough to be exact as float8, which is several times as fast as numeric.
s AS MATERIALIZED (
  SELECT
    row_number() OVER (ORDER BY stored.start_time, start_nanos, span_id, instance) AS place,
    span_id,
    instance,
    parent_span_id,
    operation_id,
    round(date_part('epoch', stored.start_time - origin.start_time) * 1000000)::int8 * 1000 + start_nanos AS start_ns,
    round(date_part('epoch', end_time - origin.start_time) * 1000000)::int8 * 1000 + end_nanos AS end_ns,
    status
  FROM stored
  CROSS JOIN origin
),
trace AS (
  SELECT min(start_ns) AS start_ns, max(greatest(start_ns, end_ns)) AS end_ns FROM s HAVING count(*) > 0
),
operation AS MATERIALIZED (
  SELECT row_number() OVER (ORDER BY o.service_name, o.span_name, o.id) - 1 AS place, o.id, o.service_name, o.span_name, o.span_kind
  FROM tracestore.operation o
  WHERE o.id IN (SELECT operation_id FROM s)
),
event AS (
  SELECT span_id, span_instance, count(*) AS events
  FROM tracestore.event
  WHERE trace_id = $1::uuid AND span_start_time BETWEEN $2::timestamptz AND $3::timestamptz
  GROUP BY span_id, span_instance
),
columns AS (
  SELECT json_build_object(
    'id', json_agg(lpad(to_hex(s.span_id), 16, '0') ORDER BY s.place),
    'parentId', json_agg(lpad(to_hex(s.parent_span_id), 16, '0') ORDER BY s.place),
    'operation', json_agg(o.place ORDER BY s.place),
    'startNs', json_agg(s.start_ns - t.start_ns ORDER BY s.place),
    'durationNs', json_agg(greatest(s.end_ns - s.start_ns, 0) ORDER BY s.place),
    'status', json_agg(s.status ORDER BY s.place),
    'events', json_agg(coalesce(e.events, 0) ORDER BY s.place)
  ) AS spans
  FROM s
  CROSS JOIN trace t
  JOIN operation o ON o.id = s.operation_id
  LEFT JOIN event e ON e.span_id = s.span_id AND e.span_instance = s.instance
)
SELECT json_build_object(
  'traceId', replace($1::text, '-', ''),
  'startTimeUnixNano', ((extract(epoch FROM origin.start_time) * 1000000)::int8 * 1000 + t.start_ns)::text,
  'durationNs', t.end_ns - t.start_ns,
  'operations', (SELECT json_agg(json_build_array(service_name, span_name, span_kind) ORDER BY place) FROM operation),
  'spans', c.spans
)::text AS waterfall
FROM trace t
CROSS JOIN origin
CROSS JOIN columns c
