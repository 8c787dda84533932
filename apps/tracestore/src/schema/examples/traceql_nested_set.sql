-- Which nested-set numbers have a root and its two children?
SELECT * FROM ps_trace.traceql_nested_set('{0,1,1}');
