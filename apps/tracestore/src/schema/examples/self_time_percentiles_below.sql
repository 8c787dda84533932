-- Which ten operations below those of generator take most of the time for themselves, and how long on the median and at worst?
SELECT service_name, span_name, calls, self_share, percentiles_ms[1] AS p50_ms, percentiles_ms[2] AS p99_ms
FROM ps_trace.self_time_percentiles_below('generator', '', now() - interval '1 day', now(), '{0.5, 0.99}', 10);
