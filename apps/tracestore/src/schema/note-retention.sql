-- Notes the retention that is configured, in seconds. Days are of 24 hours, and written as such.
UPDATE tracestore.trace_retention SET configured = justify_hours(make_interval(secs => $1))
WHERE configured <> make_interval(secs => $1);
