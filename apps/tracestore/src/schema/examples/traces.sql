-- Which traces of the last 15 minutes failed somewhere, the longest first?
SELECT trace_id_hex, root_service_name, root_span_name, duration_ms, error_count
FROM ps_trace.traces(now() - interval '15 minutes', now())
WHERE error_count > 0
ORDER BY duration_ms DESC
LIMIT 20;
