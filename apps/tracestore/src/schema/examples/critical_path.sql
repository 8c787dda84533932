-- Which spans determine the duration of a trace?
SELECT service_name, span_name, round(sum(section_ms)::numeric, 3) AS on_path_ms
FROM ps_trace.critical_path('ab000000000000000000000000000001')
GROUP BY service_name, span_name
ORDER BY on_path_ms DESC;
