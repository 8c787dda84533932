-- Stores the configured retention. A day has 24 hours.
-- :'retention_s'  the retention, in seconds.
UPDATE tracestore.trace_retention SET configured = justify_hours(make_interval(secs => :'retention_s'))
WHERE configured <> make_interval(secs => :'retention_s');
