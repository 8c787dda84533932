-- How many requests came in each minute?
SELECT time_bucket('1 minute', start_time) AS time, count(*) AS requests
FROM ps_trace.span
WHERE start_time > now() - interval '15 minutes' AND parent_span_id IS NULL
GROUP BY time
ORDER BY time;
