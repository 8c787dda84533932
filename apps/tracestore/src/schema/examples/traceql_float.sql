-- What are durations as attribute values?
SELECT ps_trace.traceql_float(s.duration_ms) AS duration
FROM ps_trace.span s
WHERE s.start_time > now() - interval '10 minutes'
LIMIT 10;
