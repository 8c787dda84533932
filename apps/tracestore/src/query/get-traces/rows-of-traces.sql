-- Reads the rows `t` of some traces, one trace after the other, and numbers the traces in the order requested. OFFSET 0 keeps
-- the planner from reading all traces at once: the times of one trace exclude most partitions.
-- :"table"       span, event or link.
-- :"start_time"  the column of the start of the span.
-- :'trace_ids'   the traces.
-- :'start_mins'  the first start of a span, for each trace.
-- :'start_maxs'  the last start of a span, for each trace.
-- :'earliest'    the least of start_mins, which excludes partitions.
-- :'latest'      the greatest of start_maxs.
-- :'most_of_each'  the most rows of a trace; NULL for all.
FROM unnest(:'trace_ids'::uuid[], :'start_mins'::timestamptz[], :'start_maxs'::timestamptz[])
  WITH ORDINALITY AS requested (trace_id, start_min, start_max, number)
JOIN tracestore.trace_times(:'trace_ids'::uuid[]) AS known ON known.trace_id = requested.trace_id
CROSS JOIN LATERAL (
  SELECT *
  FROM tracestore.:"table" AS of_trace
  WHERE of_trace.trace_id = requested.trace_id
    AND of_trace.:"start_time" BETWEEN requested.start_min AND requested.start_max
    AND of_trace.:"start_time" BETWEEN known.start_min AND known.start_max
    AND of_trace.:"start_time" BETWEEN :'earliest'::timestamptz AND :'latest'::timestamptz
  OFFSET 0 LIMIT :'most_of_each'::int8
) AS t
