-- Returns the partitions or chunks that have rows received at any time. Retention deletes single rows from these.
-- :'table'   the table.
-- :'kept_s'  the retention in seconds.
SELECT part::text AS part FROM tracestore.mixed_parts(:'table', :'kept_s') AS part;
