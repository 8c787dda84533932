-- The traces that spans-of-traces.sql reads.
-- :'trace_ids'  the traces.
-- :'start_min'  the first start of a span, to the microsecond.
-- :'start_max'  the last start of a span, to the microsecond.

-- name: given
:'trace_ids'::uuid[]
-- name: of_range
ARRAY(
  SELECT DISTINCT x.trace_id
  FROM tracestore.span x
  WHERE x.start_time BETWEEN :'start_min'::timestamptz AND :'start_max'::timestamptz
)
