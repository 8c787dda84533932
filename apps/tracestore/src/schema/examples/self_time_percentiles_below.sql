-- Which ten operations below those of generator have the most self time, and what are its median and its maximum?
SELECT service_name, span_name, calls, self_share, percentiles_ms[1] AS p50_ms, percentiles_ms[2] AS p99_ms
FROM ps_trace.self_time_percentiles_below('generator', '', now() - interval '1 day', now(), '{0.5, 0.99}', 10);
