-- Calls per second of each service by minute. The last minute is divided by its seconds that are aggregated.
SELECT time_bucket, service_name, sum(calls) / seconds AS calls_per_second
FROM ps_trace.service_call(now() - interval '1 hour', now(), '1 minute')
JOIN ps_trace.counted_step(now() - interval '1 hour', now(), '1 minute') AS step USING (time_bucket)
GROUP BY time_bucket, service_name, seconds
ORDER BY time_bucket, service_name;
