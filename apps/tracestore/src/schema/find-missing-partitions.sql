-- The ranges of the table $1 that should have a partition and have none: of $2 seconds each, $3 behind and $4 ahead of now,
-- and those within $5 seconds of which the default partition holds $6 rows.
SELECT range_start, range_end
FROM tracestore.database_time() AS time_now
CROSS JOIN LATERAL tracestore.missing_partitions(
  $1, time_now, make_interval(secs => $2), $3, $4, time_now - make_interval(secs => $5), $6
);
