-- How many different password lengths have the spans of generator, as TraceQL's count_distinct counts them?
SELECT ps_trace.traceql_aggregate('count_distinct', array_agg(span_tags -> 'pwlen')) FROM ps_trace.span;
