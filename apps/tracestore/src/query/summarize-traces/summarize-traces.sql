-- Returns a summary of each trace, of its spans in a range of time. The root is the first span without a parent; an orphan is a
-- span whose parent is not stored. The first span is the first orphan, or without orphans the span that starts first. A trace without such spans has no row.
-- :'trace_ids'  the traces.
-- :'start_min'  the first start of a span.
-- :'start_max'  the last start of a span.
WITH s AS MATERIALIZED (
  SELECT
    span.trace_id,
    span.span_id,
    span.parent_span_id,
    span.operation_id,
    span.status_code IS NOT DISTINCT FROM 2 AS is_error,
    (extract(epoch FROM span.start_time) * 1000000)::int8 * 1000 + span.start_nanos AS start_ns,
    (extract(epoch FROM span.end_time) * 1000000)::int8 * 1000 + span.end_nanos AS end_ns
  FROM tracestore.trace_times(:'trace_ids'::uuid[]) AS known
  CROSS JOIN LATERAL (
    SELECT *
    FROM tracestore.span AS of_trace
    WHERE of_trace.trace_id = known.trace_id AND of_trace.start_time BETWEEN known.start_min AND known.start_max
      AND of_trace.start_time BETWEEN :'start_min'::timestamptz AND :'start_max'::timestamptz
    -- Trace by trace: the times of one trace exclude most partitions.
    OFFSET 0
  ) AS span
),
trace AS (
  SELECT
    trace_id,
    min(start_ns) AS start_ns,
    max(end_ns) AS end_ns,
    count(*) AS spans,
    count(*) FILTER (WHERE is_error) AS errors,
    (array_agg(operation_id ORDER BY start_ns, span_id))[1] AS first_operation_id,
    (array_agg(operation_id ORDER BY start_ns, span_id) FILTER (WHERE parent_span_id IS NULL))[1] AS root_operation_id
  FROM s
  GROUP BY trace_id
),
orphan AS (
  SELECT child.trace_id, count(*) AS spans, (array_agg(child.operation_id ORDER BY child.start_ns, child.span_id))[1] AS first_operation_id
  FROM s child
  WHERE child.parent_span_id IS NOT NULL
    AND NOT EXISTS (
      SELECT FROM s parent WHERE parent.trace_id = child.trace_id AND parent.span_id = child.parent_span_id
    )
  GROUP BY child.trace_id
),
service AS (
  SELECT trace_id, json_agg(json_build_array(service_name, spans, errors) ORDER BY service_name COLLATE "C") AS services
  FROM (
    SELECT s.trace_id, o.service_name, count(*) AS spans, count(*) FILTER (WHERE s.is_error) AS errors
    FROM s
    JOIN tracestore.operation o ON o.id = s.operation_id
    GROUP BY s.trace_id, o.service_name
  ) AS counted
  GROUP BY trace_id
)
SELECT
  t.trace_id,
  t.start_ns,
  t.end_ns,
  t.spans,
  t.errors,
  coalesce(orphan.spans, 0) AS orphans,
  root.service_name AS root_service,
  root.span_name AS root_operation,
  first_span.service_name AS first_service,
  first_span.span_name AS first_operation,
  service.services
FROM trace t
LEFT JOIN orphan ON orphan.trace_id = t.trace_id
LEFT JOIN service ON service.trace_id = t.trace_id
LEFT JOIN tracestore.operation root ON root.id = t.root_operation_id
LEFT JOIN tracestore.operation first_span ON first_span.id = coalesce(orphan.first_operation_id, t.first_operation_id)
