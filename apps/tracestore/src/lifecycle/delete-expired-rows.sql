-- Deletes a batch of expired rows, and returns how many: their time and their receipt are before the retention.
-- :'table'    the table.
-- :'part'     the partition or chunk.
-- :'kept_s'   the retention in seconds.
-- :'limit'    how many rows to delete.
SELECT tracestore.delete_expired_rows(:'table', :'part'::regclass, :'kept_s', :'limit')::int4 AS count;
