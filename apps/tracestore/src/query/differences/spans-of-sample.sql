-- Reads the spans `s` of the trace of the row `w` of lookup-of-sample.sql. OFFSET 0 keeps the planner from taking the lookups of
-- conditions apart: they run once for all spans.
-- :in_range  see find-traces/start-range.sql.
FROM tracestore.span s
WHERE s.trace_id = w.trace_id AND s.start_time BETWEEN w.start_min AND w.start_max
  AND :in_range
OFFSET 0
