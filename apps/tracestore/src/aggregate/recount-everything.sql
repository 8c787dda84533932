-- Has the calls of all spans that are stored counted again; the number of slices.
SELECT tracestore.recount_calls(min(start_time), max(start_time))::int4 AS slices FROM tracestore.span HAVING count(*) > 0;
