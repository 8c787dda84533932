-- Takes a partition out of its table and drops it.
SELECT tracestore.drop_partition($1, $2::regclass);
