-- Which services called which over the last day?
SELECT parent_service_name, service_name, sum(calls) AS calls
FROM ps_trace.service_call(now() - interval '1 day', now(), NULL)
WHERE parent_service_name <> service_name
GROUP BY parent_service_name, service_name
ORDER BY calls DESC;
