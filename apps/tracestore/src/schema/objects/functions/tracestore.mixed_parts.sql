CREATE OR REPLACE FUNCTION tracestore.mixed_parts(p_table text, p_kept_s float8) RETURNS SETOF regclass
LANGUAGE plpgsql AS $$
DECLARE
  -- A part that was due to be dropped this long ago has no recent rows of its own time. Senders with a wrong clock write to it.
  long_past CONSTANT timestamptz := tracestore.age_cutoff(p_table, 2 * p_kept_s);
  future CONSTANT timestamptz := tracestore.future_cutoff();
BEGIN
  RETURN QUERY
    SELECT p.partition FROM tracestore.partition p WHERE p.table_name = p_table AND p.is_default
    UNION ALL
    SELECT p.part FROM tracestore.time_part(p_table) p
    WHERE (upper(p.time_range) <= long_past OR lower(p.time_range) >= future) AND NOT p.is_compressed;
END
$$;
COMMENT ON FUNCTION tracestore.mixed_parts IS 'The parts from which expired rows are deleted one by one: the default partition, and parts that senders with a wrong clock still write to';
