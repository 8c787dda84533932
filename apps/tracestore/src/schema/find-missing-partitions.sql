-- The ranges of a table that should have a partition and have none.
SELECT range_start, range_end
FROM tracestore.missing_partitions($1, $2, make_interval(secs => $3), $4, $5, $6, $7);
