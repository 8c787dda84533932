-- Makes the next runs count the calls of all stored spans again, and returns the number of slices of time; no row if there is no
-- span.
SELECT tracestore.recount_calls(min(start_time), max(start_time))::int4 AS slices FROM tracestore.span HAVING count(*) > 0;
