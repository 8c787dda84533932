-- What is above and below a span?
SELECT CASE WHEN is_upstream THEN 'above' WHEN is_downstream THEN 'below' ELSE 'here' END AS place, dist, span_id
FROM ps_trace.span_tree('ab000000000000000000000000000001', 3);
