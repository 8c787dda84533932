-- What takes the time below the operations of generator, hour by hour over the last day: the ten that take most, and the rest?
SELECT time_bucket, service_name, span_name, calls, self_ms
FROM ps_trace.self_time_below('generator', '', now() - interval '1 day', now(), interval '1 hour', 10)
ORDER BY time_bucket, self_ms DESC;
