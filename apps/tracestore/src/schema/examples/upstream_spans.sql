-- Which operations are above a call, up to the root?
SELECT u.dist, s.service_name, s.span_name
FROM ps_trace.upstream_spans('ab000000000000000000000000000001', 5) u
JOIN ps_trace.span s ON s.trace_id = u.trace_id AND s.span_id = u.span_id
ORDER BY u.dist;
