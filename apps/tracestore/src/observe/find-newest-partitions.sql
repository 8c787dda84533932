-- Returns the end of the latest native partition of each table that has partitions, in seconds since 1970.
SELECT
  p.table_name AS name,
  extract(epoch FROM max(upper(p.time_range)))::float8 AS newest_end_s
FROM tracestore.partition p
WHERE p.time_range IS NOT NULL
GROUP BY p.table_name
