-- Which services do the spans of the last hour link to?
SELECT service_name, linked_service_name, count(*) AS links
FROM ps_trace.links_since('1 hour')
GROUP BY service_name, linked_service_name
ORDER BY links DESC;
