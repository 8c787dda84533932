-- Returns the start and end of each of some traces, in ns since 1970, and whether one of its spans matches a search.
-- :'trace_ids'  the traces.
-- :'start_min'  the first start of a span that matches.
-- :'start_max'  the last start of a span that matches.
-- :start_ns     when the span `s` started, in ns since 1970.
-- :end_ns       when it ended.
-- :matches      the condition of the search, see filter/span-condition.ts.
WITH lookup AS MATERIALIZED (
  SELECT array_agg(known.trace_id) AS trace_ids, known.start_min, known.start_max
  FROM tracestore.trace_times(:'trace_ids'::uuid[]) AS known
  GROUP BY known.start_min, known.start_max
)
SELECT
  spans.trace_id,
  min(spans.start_ns) AS start_ns,
  max(spans.end_ns) AS end_ns,
  bool_or(spans.is_match) AS is_match
FROM lookup w
CROSS JOIN LATERAL (
  SELECT
    s.trace_id,
    :start_ns AS start_ns,
    :end_ns AS end_ns,
    s.start_time BETWEEN :'start_min'::timestamptz AND :'start_max'::timestamptz AND :matches AS is_match
  FROM tracestore.span s
  WHERE s.trace_id = ANY (w.trace_ids) AND s.start_time BETWEEN w.start_min AND w.start_max
  -- Keeps the planner from taking the search's own lookups apart: they run once for all spans.
  OFFSET 0
) AS spans
GROUP BY spans.trace_id
