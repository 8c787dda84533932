-- What is left of a duration after whole tens of milliseconds?
SELECT ps_trace.traceql_remainder(s.duration_ms, 10) AS rest
FROM ps_trace.span s
WHERE s.start_time > now() - interval '10 minutes'
LIMIT 10;
