-- Start anew.
SELECT ps_trace.delete_all_traces();
