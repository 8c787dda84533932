-- The database's clock is right: how much time did it confirm?
SELECT ps_trace.confirm_time_gap();
