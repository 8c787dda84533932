-- What does TraceQL see of an array of one element?
SELECT ps_trace.traceql_value('["a"]');
