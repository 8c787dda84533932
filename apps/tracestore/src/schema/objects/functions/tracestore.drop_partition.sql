CREATE OR REPLACE FUNCTION tracestore.drop_partition(p_table text, p_partition regclass) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
  -- CONCURRENTLY is not to be had beside a default partition. This waits for the queries of this table that run, and
  -- takes no time itself.
  EXECUTE format('ALTER TABLE tracestore.%I DETACH PARTITION %s', p_table, p_partition);
  EXECUTE format('DROP TABLE %s', p_partition);
END
$$;
