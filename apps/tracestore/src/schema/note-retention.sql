-- Stores the configured retention of $1 seconds. A day has 24 hours.
UPDATE tracestore.trace_retention SET configured = justify_hours(make_interval(secs => $1))
WHERE configured <> make_interval(secs => $1);
