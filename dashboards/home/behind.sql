-- How many seconds ago was the last time that all spans that were stored by then were counted?
SELECT extract(epoch FROM now() - counted_at)::float8 AS seconds FROM ps_trace.call_progress;
