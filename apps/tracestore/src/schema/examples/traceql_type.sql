-- Which types does an attribute have?
SELECT ps_trace.traceql_type(s.span_tags::jsonb -> 'http.response.status_code') AS type, count(*) AS spans
FROM ps_trace.span s
WHERE s.start_time > now() - interval '10 minutes'
GROUP BY 1;
