-- Calls per second of each service over the last hour, as far as it is aggregated. With '1 minute' instead of NULL: by minute.
SELECT service_name, sum(calls) / seconds AS calls_per_second
FROM ps_trace.service_call(now() - interval '1 hour', now(), NULL)
CROSS JOIN ps_trace.counted_step(now() - interval '1 hour', now(), NULL) AS step
GROUP BY service_name, seconds
ORDER BY calls_per_second DESC;
