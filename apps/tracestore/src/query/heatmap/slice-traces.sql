-- The traces of a slice of scan-traces.sql: events and links are found by them, and spans where these are few. The index by
-- time has ranges of thousands of spans.

-- name: none
NULL::uuid[]
-- name: of_blocks
ARRAY(
  SELECT DISTINCT t.trace_id
  FROM tracestore.span_block b
  CROSS JOIN LATERAL unnest(b.trace_ids) AS t (trace_id)
  WHERE b.start_max BETWEEN widened.start_min AND widened.start_max + interval '1 hour' AND b.start_min <= widened.start_max
)

-- name: all_spans
true
-- name: spans_of_traces
s.trace_id = ANY (w.trace_ids)
