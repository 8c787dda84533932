-- Returns those of some traces with a span that passes the base condition. `is_selected`: one of these spans also passes the
-- condition of the selection. Times and durations are those of the part of the trace in the range.
-- :lookup    the traces, see lookup-of-sample.sql.
-- :spans     their spans, see spans-of-sample.sql.
-- :start_ns  when the span `s` started, in ns since 1970.
-- :end_ns    when it ended.
-- :base      the condition of a search, see filter/span-condition.ts.
-- :selected  the condition of the selection.
SELECT
  spans.trace_id,
  min(spans.start_ns) AS start_ns,
  greatest(max(spans.end_ns) - min(spans.start_ns), 0) AS duration_ns,
  bool_or(spans.is_base AND spans.is_selected) AS is_selected
FROM :lookup
CROSS JOIN LATERAL (
  SELECT
    s.trace_id,
    :start_ns AS start_ns,
    :end_ns AS end_ns,
    :base AS is_base,
    :selected AS is_selected
  :spans
) AS spans
GROUP BY spans.trace_id
HAVING bool_or(spans.is_base)
