-- Which operations linked to another trace that day?
SELECT service_name, span_name, count(*) AS links
FROM ps_trace.links_between('2026-11-30 00:00+00', '2026-12-01 00:00+00')
WHERE linked_trace_id <> trace_id
GROUP BY service_name, span_name
ORDER BY links DESC;
