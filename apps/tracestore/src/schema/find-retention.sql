-- The retention that SQL has set, in milliseconds; NULL without one.
SELECT (extract(epoch FROM requested) * 1000)::float8 AS requested_ms FROM tracestore.trace_retention;
