-- Drops a partition or chunk unless it has rows that were received within the retention. Returns whether it did.
-- :'table'   the table.
-- :'part'    the partition or chunk.
-- :'kept_s'  the retention in seconds.
SELECT tracestore.drop_part(:'table', :'part'::regclass, :'kept_s') AS dropped;
