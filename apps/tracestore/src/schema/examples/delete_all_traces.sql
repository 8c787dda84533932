-- Delete all traces.
SELECT ps_trace.delete_all_traces();
