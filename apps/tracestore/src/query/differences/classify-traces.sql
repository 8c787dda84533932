-- Returns those of some traces with a span that passes the base condition. `is_selected`: one of these spans also passes the
-- condition of the selection. Times and durations are those of the part of the trace in the range.
-- :'trace_ids'  the traces.
-- :base         the condition of a search, see filter/span-condition.ts.
-- :selected     the condition of the selection.
-- :in_range     see find-traces/start-range.sql.
SELECT
  spans.trace_id,
  min(spans.start_ns) AS start_ns,
  greatest(max(spans.end_ns) - min(spans.start_ns), 0) AS duration_ns,
  bool_or(spans.is_base AND spans.is_selected) AS is_selected
FROM (
  SELECT ARRAY[known.trace_id] AS trace_ids, known.trace_id, known.start_min, known.start_max
  FROM tracestore.trace_times(:'trace_ids'::uuid[]) AS known
  OFFSET 0
) AS w
CROSS JOIN LATERAL (
  SELECT
    s.trace_id,
    (extract(epoch FROM s.start_time) * 1000000)::int8 * 1000 + s.start_nanos AS start_ns,
    (extract(epoch FROM s.end_time) * 1000000)::int8 * 1000 + s.end_nanos AS end_ns,
    :base AS is_base,
    :selected AS is_selected
  FROM tracestore.span s
  WHERE s.trace_id = w.trace_id AND s.start_time BETWEEN w.start_min AND w.start_max
    AND :in_range
  OFFSET 0
) AS spans
GROUP BY spans.trace_id
HAVING bool_or(spans.is_base)
