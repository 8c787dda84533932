-- How long did requests take, minute by minute, over the last 15 minutes: the median, the 90th, 95th and 99th percentile
-- and the slowest, in milliseconds? A request is a trace, and takes as long as its root span. The slowest trace's id is
-- there to be looked at.
SELECT
  date_trunc('minute', start_time) AS minute,
  count(*) AS requests,
  round((percentile_cont(0.50) WITHIN GROUP (ORDER BY duration_ms))::numeric, 3) AS p50_ms,
  round((percentile_cont(0.90) WITHIN GROUP (ORDER BY duration_ms))::numeric, 3) AS p90_ms,
  round((percentile_cont(0.95) WITHIN GROUP (ORDER BY duration_ms))::numeric, 3) AS p95_ms,
  round((percentile_cont(0.99) WITHIN GROUP (ORDER BY duration_ms))::numeric, 3) AS p99_ms,
  round(max(duration_ms)::numeric, 3) AS slowest_ms,
  (array_agg(trace_id_hex ORDER BY duration_ms DESC))[1] AS slowest_trace
FROM ps_trace.span
WHERE start_time >= now() - interval '15 minutes'
  AND is_root_span
GROUP BY minute
ORDER BY minute;
