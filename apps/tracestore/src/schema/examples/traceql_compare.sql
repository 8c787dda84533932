-- Does an attribute that is an array have an element that begins with a?
SELECT ps_trace.traceql_compare('=~', '["abc", "xyz"]', '"^a"');
