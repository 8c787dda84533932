-- Which operations call which most, over the last day?
SELECT parent_service_name, parent_span_name, service_name, span_name, calls, errors
FROM ps_trace.operation_call_total(now() - interval '1 day', now())
WHERE parent_service_name IS NOT NULL
ORDER BY calls DESC
LIMIT 20;
