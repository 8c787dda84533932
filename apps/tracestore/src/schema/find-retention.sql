-- The retention that was asked for in SQL, in milliseconds; null where it was not.
SELECT (extract(epoch FROM requested) * 1000)::float8 AS requested_ms FROM tracestore.trace_retention;
