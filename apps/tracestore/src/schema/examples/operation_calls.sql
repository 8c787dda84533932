-- Which operations call which, over the last 15 minutes?
SELECT caller.span_name AS caller, called.span_name AS called, c.cnt
FROM ps_trace.operation_calls(now() - interval '15 minutes', now()) c
JOIN _ps_trace.operation caller ON caller.id = c.parent_operation_id
JOIN _ps_trace.operation called ON called.id = c.child_operation_id
ORDER BY c.cnt DESC;
