-- Confirm that the database's clock is right after it advanced.
SELECT ps_trace.confirm_time_gap();
