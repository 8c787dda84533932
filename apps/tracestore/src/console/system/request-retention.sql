-- Sets for how long spans are kept: $1 milliseconds, or what is configured where it is NULL.
SELECT ps_trace.set_trace_retention_period(make_interval(secs => $1::float8 / 1000))
