-- How many requests came in each minute? With TimescaleDB also minutes without requests.
SELECT time_bucket_gapfill('1 minute', start_time) AS time, count(*) AS requests
FROM ps_trace.span
WHERE start_time > now() - interval '15 minutes' AND start_time < now() AND parent_span_id IS NULL
GROUP BY time
ORDER BY time;
