-- Returns spans with a link to a span, in the order of their starts, each once.
-- :'trace_id'    the trace of the linked span.
-- :'span_id'     its id, as a signed number.
-- :'start_min'   the first start of a span with such a link.
-- :'start_max'   the last start.
-- :'span_count'  the most spans.
WITH linking AS MATERIALIZED (
  SELECT DISTINCT span_start_time, trace_id, span_id, span_instance
  FROM tracestore.link
  WHERE linked_trace_id = :'trace_id'::uuid AND linked_span_id = :'span_id'::int8
    AND span_start_time BETWEEN :'start_min'::timestamptz AND :'start_max'::timestamptz
  ORDER BY span_start_time, trace_id, span_id, span_instance
  LIMIT :'span_count'::int4
)
SELECT
  replace(k.trace_id::text, '-', '') AS trace_id,
  lpad(to_hex(k.span_id), 16, '0') AS span_id,
  o.service_name,
  o.span_name,
  o.span_kind,
  (extract(epoch FROM s.start_time) * 1000000)::int8 * 1000 + s.start_nanos AS start_ns,
  greatest(
    ((extract(epoch FROM s.end_time) * 1000000)::int8 - (extract(epoch FROM s.start_time) * 1000000)::int8) * 1000 + s.end_nanos - s.start_nanos,
    0
  ) AS duration_ns,
  s.status_code IS NOT DISTINCT FROM 2 AS is_error
FROM linking k
CROSS JOIN LATERAL (
  SELECT of_trace.start_time, of_trace.start_nanos, of_trace.end_time, of_trace.end_nanos, of_trace.status_code, of_trace.operation_id
  FROM tracestore.span AS of_trace
  WHERE of_trace.trace_id = k.trace_id AND of_trace.span_id = k.span_id AND of_trace.start_time = k.span_start_time
    AND of_trace.instance = k.span_instance
  LIMIT 1
) AS s
JOIN tracestore.operation o ON o.id = s.operation_id
ORDER BY k.span_start_time, k.trace_id, k.span_id
