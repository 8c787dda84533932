-- Confirms a shorter retention that waits, so that it applies within seconds.
-- :'retention_ms'  the retention in ms.
SELECT ps_trace.confirm_trace_retention(make_interval(secs => :'retention_ms'::float8 / 1000))
