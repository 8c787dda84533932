-- Which span called which in a trace?
SELECT repeat('  ', t.lvl - 1) || s.service_name || ' ' || s.span_name AS call, s.duration_ms
FROM ps_trace.trace_tree('ab000000000000000000000000000001') WITH ORDINALITY t
JOIN ps_trace.span s ON s.trace_id = t.trace_id AND s.span_id = t.span_id
ORDER BY t.ordinality;
