-- Which type has the attribute share in TraceQL?
SELECT DISTINCT ps_trace.traceql_type(span_tags -> 'share') FROM ps_trace.span;
