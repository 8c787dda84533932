-- Which spans have a share of at least 0.5?
SELECT span_id FROM ps_trace.span WHERE ps_trace.traceql_number(span_tags -> 'share') >= 0.5 LIMIT 5;
