-- Returns the partitions or chunks whose time is before the retention, oldest first.
-- :'table'   the table.
-- :'kept_s'  the retention in seconds.
SELECT part::text AS part FROM tracestore.expired_parts(:'table', :'kept_s');
