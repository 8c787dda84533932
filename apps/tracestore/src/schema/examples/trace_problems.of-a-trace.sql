-- What is wrong with a trace?
SELECT severity, kind, message, span_ids_hex FROM ps_trace.trace_problems('ab000000000000000000000000000001');
