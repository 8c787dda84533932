-- Does an array have an element that is less than 2?
SELECT ps_trace.traceql_compare('<', '[1, 2, 3]', '2');
