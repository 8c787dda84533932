-- Sums up one bucket again to which rows were added late; whether there was one.
SELECT tracestore.roll_late_calls() AS found;
