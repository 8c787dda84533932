-- Which operations call those of digit, directly or not, and how often, over the last day?
SELECT parent_service_name, parent_span_name, service_name, span_name, calls, errors
FROM ps_trace.upstream_calls('digit', '', now() - interval '1 day', now())
WHERE is_followed
ORDER BY calls DESC;
