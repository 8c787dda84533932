-- How long do the slowest of a hundred calls take?
SELECT service_name, approx_percentile(0.99, percentile_agg(duration_ms)) AS p99_ms
FROM ps_trace.span
WHERE start_time > now() - interval '15 minutes'
GROUP BY service_name;
