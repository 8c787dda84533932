-- Returns the stored spans to which the links of a span point, in the order of the links. Of several spans with an id, the first.
-- :'trace_id'    the trace of the span.
-- :'span_id'     its id, as a signed number.
-- :'link_count'  the most links that are followed.
WITH linked AS MATERIALIZED (
  SELECT linked_trace_id AS trace_id, linked_span_id AS span_id, min(position) AS position
  FROM (
    SELECT linked_trace_id, linked_span_id, row_number() OVER (ORDER BY span_start_time, span_instance, link_nbr) AS position
    FROM tracestore.link
    WHERE trace_id = :'trace_id'::uuid AND span_id = :'span_id'::int8
  ) AS numbered
  WHERE linked_trace_id IS NOT NULL AND linked_span_id IS NOT NULL AND position <= :'link_count'::int4
  GROUP BY linked_trace_id, linked_span_id
),
-- Each trace is read once, however many of its spans are linked.
found AS (
  SELECT DISTINCT ON (s.trace_id, s.span_id) s.trace_id, s.span_id, s.operation_id, s.start_ns, s.end_ns, s.is_error
  FROM (SELECT trace_id, array_agg(span_id) AS span_ids FROM linked GROUP BY trace_id) AS wanted
  CROSS JOIN LATERAL (
    SELECT
      of_trace.trace_id,
      of_trace.span_id,
      of_trace.operation_id,
      of_trace.status_code IS NOT DISTINCT FROM 2 AS is_error,
      (extract(epoch FROM of_trace.start_time) * 1000000)::int8 * 1000 + of_trace.start_nanos AS start_ns,
      (extract(epoch FROM of_trace.end_time) * 1000000)::int8 * 1000 + of_trace.end_nanos AS end_ns
    FROM tracestore.span AS of_trace
    WHERE of_trace.trace_id = wanted.trace_id AND of_trace.span_id = ANY (wanted.span_ids)
    OFFSET 0
  ) AS s
  ORDER BY s.trace_id, s.span_id, s.start_ns
)
SELECT
  replace(f.trace_id::text, '-', '') AS trace_id,
  lpad(to_hex(f.span_id), 16, '0') AS span_id,
  o.service_name,
  o.span_name,
  o.span_kind,
  f.start_ns,
  greatest(f.end_ns - f.start_ns, 0) AS duration_ns,
  f.is_error
FROM linked l
JOIN found f ON f.trace_id = l.trace_id AND f.span_id = l.span_id
JOIN tracestore.operation o ON o.id = f.operation_id
ORDER BY l.position
