CREATE OR REPLACE FUNCTION tracestore.drop_partition(p_table text, p_partition regclass) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
  -- A table with a default partition does not support CONCURRENTLY. This waits for running queries of the table and is then
  -- fast.
  EXECUTE format('ALTER TABLE tracestore.%I DETACH PARTITION %s', p_table, p_partition);
  EXECUTE format('DROP TABLE %s', p_partition);
END
$$;
COMMENT ON FUNCTION tracestore.drop_partition IS 'Detaches a partition and drops it';
