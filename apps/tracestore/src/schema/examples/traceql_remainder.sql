-- What remains of 7.5 divided by 2?
SELECT ps_trace.traceql_remainder(7.5, 2);
