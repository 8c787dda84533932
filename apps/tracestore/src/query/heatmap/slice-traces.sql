-- The traces of a slice of scan-traces.sql, for conditions on events and links: these are found by their traces.

-- name: none
NULL::uuid[]
-- name: of_blocks
ARRAY(
  SELECT DISTINCT t.trace_id
  FROM tracestore.span_block b
  CROSS JOIN LATERAL unnest(b.trace_ids) AS t (trace_id)
  WHERE b.start_max BETWEEN widened.start_min AND widened.start_max + interval '1 hour' AND b.start_min <= widened.start_max
)
