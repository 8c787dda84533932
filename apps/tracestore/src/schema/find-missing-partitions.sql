-- The time ranges of the table $1 without a partition that should have one. A range has $2 seconds. These are the
-- $3 ranges before now and $4 after now, and ranges of the last $5 seconds with $6 rows in the default partition.
SELECT range_start, range_end
FROM tracestore.database_time() AS time_now
CROSS JOIN LATERAL tracestore.missing_partitions(
  $1, time_now, make_interval(secs => $2), $3, $4, time_now - make_interval(secs => $5), $6
);
