-- By how many seconds the database's clock went ahead that no store observed; null where there is nothing of before.
SELECT sum(gap_s) AS gap_s FROM tracestore.time_gap;
