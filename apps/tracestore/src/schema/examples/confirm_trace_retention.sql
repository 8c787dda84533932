-- Keep spans for two weeks and delete what is older within minutes.
SELECT ps_trace.set_trace_retention_period('14 days'), ps_trace.confirm_trace_retention('14 days');
