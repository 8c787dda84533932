-- Returns how many seconds ago all stored spans were counted.
SELECT greatest(extract(epoch FROM clock_timestamp() - counted_at), 0)::float8 AS lag_seconds FROM tracestore.call_state;
