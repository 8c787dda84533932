-- Returns the retention of traces in ms, and whether it was requested in SQL.
SELECT
  (extract(epoch FROM coalesce(requested, configured)) * 1000)::float8 AS retention_ms,
  requested IS NOT NULL AS is_requested
FROM tracestore.trace_retention
