-- The traces that spans-of-traces.sql reads.
-- :'trace_ids'  the traces.
-- :'start_min'  the first start of a span, to the microsecond.
-- :'start_max'  the last start of a span, to the microsecond.

-- name: given
:'trace_ids'::uuid[]
-- name: of_range
-- The traces of all blocks of that time: some of them may have no span in the range.
ARRAY(
  SELECT DISTINCT t.trace_id
  FROM tracestore.span_block b
  CROSS JOIN LATERAL unnest(b.trace_ids) AS t (trace_id)
  -- No block has spans of more than an hour.
  WHERE b.start_max BETWEEN :'start_min'::timestamptz AND :'start_max'::timestamptz + interval '1 hour'
    AND b.start_min <= :'start_max'::timestamptz
)
