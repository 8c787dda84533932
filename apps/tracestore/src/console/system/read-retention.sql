-- For how long are spans kept, in milliseconds, and was that asked for in SQL?
SELECT
  (extract(epoch FROM coalesce(requested, configured)) * 1000)::float8 AS retention_ms,
  requested IS NOT NULL AS is_requested
FROM tracestore.trace_retention
