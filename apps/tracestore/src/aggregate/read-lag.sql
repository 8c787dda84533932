-- How many seconds ago was the last time that all spans which were stored by then were counted?
SELECT greatest(extract(epoch FROM clock_timestamp() - counted_at), 0)::float8 AS lag_seconds FROM tracestore.call_state;
