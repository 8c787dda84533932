-- Returns a trace for a waterfall: one JSON text with a list for each column, see trace.schema.ts. No row if the trace is unknown.
-- Times are nanoseconds after the start of the first span.
-- `eventMarks` has the times and names of events, within bounds: the first events of each span and its exceptions,
-- and so many of a trace.
-- :'trace_id'        the trace.
-- :'start_min'       the first start of a span.
-- :'start_max'       the last start of a span.
-- :'marks_of_span'   the most events of a span that have a mark.
-- :'marks_of_trace'  the most events of the trace that have a mark.
WITH stored AS MATERIALIZED (
  SELECT span_id, instance, parent_span_id, operation_id, start_time, start_nanos, end_time, end_nanos, coalesce(status_code, 0) AS status
  FROM tracestore.span
  WHERE trace_id = :'trace_id'::uuid AND start_time BETWEEN :'start_min'::timestamptz AND :'start_max'::timestamptz
),
origin AS MATERIALIZED (
  SELECT min(start_time) AS start_time FROM stored
),
-- Times after the first one are small enough to be exact as float8, which is several times as fast as numeric.
s AS MATERIALIZED (
  SELECT
    row_number() OVER (ORDER BY stored.start_time, start_nanos, span_id, instance) AS position,
    dense_rank() OVER (ORDER BY o.service_name, o.span_name, o.id) - 1 AS operation_position,
    span_id,
    instance,
    parent_span_id,
    o.service_name,
    o.span_name,
    o.span_kind,
    round(date_part('epoch', stored.start_time - origin.start_time) * 1000000)::int8 * 1000 + start_nanos AS start_ns,
    round(date_part('epoch', end_time - origin.start_time) * 1000000)::int8 * 1000 + end_nanos AS end_ns,
    status
  FROM stored
  CROSS JOIN origin
  JOIN tracestore.operation o ON o.id = stored.operation_id
),
trace AS (
  SELECT min(start_ns) AS start_ns, max(greatest(start_ns, end_ns)) AS end_ns FROM s HAVING count(*) > 0
),
-- No join of a trace with itself: the planner does not know how many spans there are, and could choose a nested loop, whose
-- time grows with the square of them.
counted AS (
  SELECT position, operation_position, span_id, parent_span_id, start_ns, end_ns, status,
    sum(events) OVER same_span AS events,
    max(position) OVER same_span AS span_position,
    mark_ns,
    mark_name
  FROM (
    SELECT position, operation_position, span_id, instance, parent_span_id, start_ns, end_ns, status, 0 AS events,
      NULL::int8 AS mark_ns, NULL::text AS mark_name
    FROM s
    UNION ALL
    SELECT NULL, NULL, span_id, span_instance, NULL, NULL, NULL, NULL, count(*), NULL, NULL
    FROM tracestore.event
    WHERE trace_id = :'trace_id'::uuid AND span_start_time BETWEEN :'start_min'::timestamptz AND :'start_max'::timestamptz
    GROUP BY span_id, span_instance
    UNION ALL
    (
      SELECT NULL, NULL, span_id, span_instance, NULL, NULL, NULL, NULL, 0,
        round(date_part('epoch', time - origin.start_time) * 1000000)::int8 * 1000 + time_nanos, left(name, 100)
      FROM tracestore.event
      CROSS JOIN origin
      WHERE trace_id = :'trace_id'::uuid AND span_start_time BETWEEN :'start_min'::timestamptz AND :'start_max'::timestamptz
        AND (event_nbr < :'marks_of_span'::int4 OR name = 'exception')
      ORDER BY span_start_time, span_id, span_instance, event_nbr
      LIMIT :'marks_of_trace'::int4
    )
  ) AS spans_and_events
  WINDOW same_span AS (PARTITION BY span_id, instance)
),
marked AS (
  SELECT span_position, mark_ns, mark_name, dense_rank() OVER (ORDER BY mark_name) - 1 AS name_position
  FROM counted
  WHERE mark_ns IS NOT NULL AND span_position IS NOT NULL
),
marks AS (
  SELECT json_build_object(
    'names', coalesce(
      (SELECT json_agg(n.mark_name ORDER BY n.name_position) FROM (SELECT DISTINCT mark_name, name_position FROM marked) AS n),
      '[]'
    ),
    'span', coalesce(json_agg(m.span_position - 1 ORDER BY m.span_position, m.mark_ns), '[]'),
    'timeNs', coalesce(json_agg(m.mark_ns - t.start_ns ORDER BY m.span_position, m.mark_ns), '[]'),
    'name', coalesce(json_agg(m.name_position ORDER BY m.span_position, m.mark_ns), '[]')
  ) AS event_marks
  FROM marked m
  CROSS JOIN trace t
),
columns AS (
  SELECT json_build_object(
    'id', json_agg(lpad(to_hex(c.span_id), 16, '0') ORDER BY c.position),
    'parentId', json_agg(lpad(to_hex(c.parent_span_id), 16, '0') ORDER BY c.position),
    'operation', json_agg(c.operation_position ORDER BY c.position),
    'startNs', json_agg(c.start_ns - t.start_ns ORDER BY c.position),
    'durationNs', json_agg(greatest(c.end_ns - c.start_ns, 0) ORDER BY c.position),
    'status', json_agg(c.status ORDER BY c.position),
    'events', json_agg(c.events ORDER BY c.position)
  ) AS spans
  FROM counted c
  CROSS JOIN trace t
  WHERE c.position IS NOT NULL
)
SELECT json_build_object(
  'traceId', replace(:'trace_id'::text, '-', ''),
  'startTimeUnixNano', ((extract(epoch FROM origin.start_time) * 1000000)::int8 * 1000 + t.start_ns)::text,
  'durationNs', t.end_ns - t.start_ns,
  'operations', (
    SELECT json_agg(json_build_array(o.service_name, o.span_name, o.span_kind) ORDER BY o.operation_position)
    FROM (SELECT DISTINCT operation_position, service_name, span_name, span_kind FROM s) AS o
  ),
  'spans', c.spans,
  'eventMarks', marks.event_marks
)::text AS waterfall
FROM trace t
CROSS JOIN origin
CROSS JOIN columns c
CROSS JOIN marks
