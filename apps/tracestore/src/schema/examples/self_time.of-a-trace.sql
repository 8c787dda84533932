-- Which operations did the work in a trace?
SELECT service_name, span_name, round(sum(self_ms)::numeric, 3) AS self_ms
FROM ps_trace.self_time('ab000000000000000000000000000001')
GROUP BY service_name, span_name
ORDER BY self_ms DESC;
