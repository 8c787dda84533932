-- Which operations does generator need, and how long do they take on average, over the last day?
SELECT service_name, span_name, sum(calls) AS calls, sum(duration_ns_sum) / sum(calls) / 1e6 AS mean_ms
FROM ps_trace.downstream_calls('generator', '', now() - interval '1 day', now())
GROUP BY node_id, service_name, span_name
ORDER BY calls DESC;
