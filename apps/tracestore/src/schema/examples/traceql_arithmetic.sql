-- How many spans has each class of status codes?
SELECT ps_trace.traceql_arithmetic('/', s.span_tags::jsonb -> 'http.response.status_code', '100') AS status_class, count(*) AS spans
FROM ps_trace.span s
WHERE s.start_time > now() - interval '10 minutes'
GROUP BY 1;
