-- Returns how far the clock of the database went ahead without being observed, in seconds; NULL if it did not.
SELECT sum(gap_s) AS gap_s FROM tracestore.time_gap;
