-- Which ten operations below those of generator have the most self time, per hour of the last day, and how much has the rest?
SELECT time_bucket, service_name, span_name, calls, self_ms
FROM ps_trace.self_time_below('generator', '', now() - interval '1 day', now(), interval '1 hour', 10)
ORDER BY time_bucket, self_ms DESC;
