-- Which operations does a call wait for, at most two steps away?
SELECT d.dist, s.service_name, s.span_name, s.duration_ms
FROM ps_trace.downstream_spans('ab000000000000000000000000000001', 1, 2) WITH ORDINALITY d
JOIN ps_trace.span s ON s.trace_id = d.trace_id AND s.span_id = d.span_id
WHERE d.dist > 0
ORDER BY d.ordinality;
