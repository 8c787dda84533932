-- Which other calls did the caller of a call make, in order?
SELECT s.span_name, s.start_time, s.duration_ms
FROM ps_trace.sibling_spans('ab000000000000000000000000000001', 2) b
JOIN ps_trace.span s ON s.trace_id = b.trace_id AND s.span_id = b.span_id
ORDER BY s.start_time;
