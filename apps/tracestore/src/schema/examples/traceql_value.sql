-- Which values does an attribute have, as TraceQL sees them?
SELECT ps_trace.traceql_value(s.span_tags::jsonb -> 'http.route') AS route, count(*) AS spans
FROM ps_trace.span s
WHERE s.start_time > now() - interval '10 minutes'
GROUP BY 1;
