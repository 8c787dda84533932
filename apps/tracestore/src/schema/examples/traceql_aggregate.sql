-- Which is the highest status code of each trace?
SELECT s.trace_id, ps_trace.traceql_aggregate('max', array_agg(s.span_tags::jsonb -> 'http.response.status_code')) AS status
FROM ps_trace.span s
WHERE s.start_time > now() - interval '10 minutes'
GROUP BY s.trace_id
LIMIT 10;
