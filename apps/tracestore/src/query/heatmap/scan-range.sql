-- Returns traces by time and duration, from all spans of a range. A trace is counted if its first span starts in the range; the
-- range is read with some time before and after it.
-- :'start_min'    the first start of a span.
-- :'start_max'    the last start of a span.
-- :'first_start'  the first start of a trace.
-- :'last_start'   the last start of a trace.
-- :matches        the condition of the search, which tests no event or link, see filter/span-condition.ts.
-- :cells          see cells.sql.
WITH trace AS MATERIALIZED (
  SELECT min(s.start_time) AS start_time, max(s.end_time) AS end_time, bool_or(s.status_code IS NOT DISTINCT FROM 2) AS is_failed
  FROM tracestore.span s
  WHERE s.start_time BETWEEN :'start_min'::timestamptz AND :'start_max'::timestamptz
  GROUP BY s.trace_id
  HAVING bool_or(:matches)
    AND min(s.start_time) BETWEEN :'first_start'::timestamptz AND :'last_start'::timestamptz
)
:cells
