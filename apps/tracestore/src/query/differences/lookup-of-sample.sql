-- The row `w` for each of some traces: the trace, and when its spans started. `trace_ids` is for filter/related-rows.sql.
-- :'trace_ids'  the traces.
(
  SELECT ARRAY[known.trace_id] AS trace_ids, known.trace_id, known.start_min, known.start_max
  FROM tracestore.trace_times(:'trace_ids'::uuid[]) AS known
  OFFSET 0
) AS w
