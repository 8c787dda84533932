-- Where did the time go, over the last 15 minutes?
SELECT service_name, span_name, count(*) AS spans, round(sum(self_ms)::numeric, 3) AS self_ms
FROM ps_trace.self_time(now() - interval '15 minutes', now())
GROUP BY service_name, span_name
ORDER BY self_ms DESC;
