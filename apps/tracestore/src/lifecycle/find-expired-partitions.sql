-- The partitions of a table that hold nothing from after the cutoff, oldest first.
SELECT partition::text AS partition
FROM tracestore.partition
WHERE table_name = $1 AND upper(time_range) <= $2
ORDER BY upper(time_range);
