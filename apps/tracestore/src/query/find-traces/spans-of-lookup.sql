-- Reads the spans `s` of the traces of a row `w` of the CTE lookup that match a search. OFFSET 0 keeps the planner from
-- taking the search's own lookups apart: they run once for all spans.
-- :in_range  see start-range.sql.
-- :matches   the condition of the search, see filter/span-condition.ts.
FROM tracestore.span s
WHERE s.trace_id = ANY (w.trace_ids) AND s.start_time BETWEEN w.start_min AND w.start_max
  AND :in_range
  AND :matches
OFFSET 0
