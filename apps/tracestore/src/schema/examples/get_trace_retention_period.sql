-- How long are spans kept?
SELECT ps_trace.get_trace_retention_period();
