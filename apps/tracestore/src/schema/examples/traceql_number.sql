-- What is the average of an attribute?
SELECT avg(ps_trace.traceql_number(s.span_tags::jsonb -> 'http.response.status_code')) AS status
FROM ps_trace.span s
WHERE s.start_time > now() - interval '10 minutes';
