-- Several percentiles of the same values, which are gathered once.
SELECT approx_percentile(0.50, percentile_agg(duration_ms)) AS p50_ms, approx_percentile(0.95, percentile_agg(duration_ms)) AS p95_ms
FROM ps_trace.span
WHERE start_time > now() - interval '15 minutes';
