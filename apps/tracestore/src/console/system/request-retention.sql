-- Requests a retention of traces.
-- :'retention_ms'  the retention in ms; NULL for the configured one.
SELECT ps_trace.set_trace_retention_period(make_interval(secs => :'retention_ms'::float8 / 1000))
