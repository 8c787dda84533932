-- Which operations answer slower than at the same time yesterday, by how much?
SELECT service_name, span_name, percentile_ms_before AS p95_ms_yesterday, percentile_ms_now AS p95_ms
FROM ps_trace.requests_compared(now() - interval '25 hours', now() - interval '24 hours', now() - interval '1 hour', now())
WHERE percentile_ms_now > 1.2 * percentile_ms_before
ORDER BY percentile_ms_now / percentile_ms_before DESC;
