-- Returns the time ranges of a table without a partition that should have one: those around now, and those of late spans with
-- many rows in the default partition.
-- :'table'            the table.
-- :'width_s'          the width of a range, in seconds.
-- :'behind'           how many ranges before now.
-- :'ahead'            how many ranges after now.
-- :'kept_s'           how long rows are kept, in seconds.
-- :'enough_rows'      from how many rows in the default partition on a range gets a partition.
SELECT range_start, range_end
FROM tracestore.database_time() AS time_now
CROSS JOIN LATERAL tracestore.missing_partitions(
  :'table', time_now, make_interval(secs => :'width_s'), :'behind', :'ahead', time_now - make_interval(secs => :'kept_s'),
  :'enough_rows'
);
