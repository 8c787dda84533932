-- How is the number 1 written as a float?
SELECT ps_trace.traceql_float(1);
