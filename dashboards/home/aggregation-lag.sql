-- Seconds since the latest time at which every stored span was included in the aggregates.
SELECT extract(epoch FROM now() - counted_at)::float8 AS seconds FROM ps_trace.call_progress;
