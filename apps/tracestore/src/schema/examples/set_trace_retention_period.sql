-- Keep spans for two weeks.
SELECT ps_trace.set_trace_retention_period('14 days');
