-- Which numbers have a root, its two children, and a child of the first of these?
SELECT * FROM ps_trace.traceql_nested_set('{0,1,1,2}');
