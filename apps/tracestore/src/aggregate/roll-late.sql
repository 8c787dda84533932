-- Sums up one bucket again that got late rows. Returns whether there was one.
SELECT tracestore.roll_late_calls() AS found;
