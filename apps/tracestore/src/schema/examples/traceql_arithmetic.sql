-- What is 7 / 2 in TraceQL, where both are integers?
SELECT ps_trace.traceql_arithmetic('/', '7', '2');
