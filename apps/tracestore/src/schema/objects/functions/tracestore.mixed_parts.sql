CREATE OR REPLACE FUNCTION tracestore.mixed_parts(p_table text, p_kept_s float8) RETURNS SETOF regclass
LANGUAGE plpgsql AS $$
DECLARE
  -- So long after a part could have been dropped, all that it got in its time is old: what holds it still will come on.
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
COMMENT ON FUNCTION tracestore.mixed_parts IS 'The parts that lose row by row what is beyond p_kept_s seconds: the default partition, and those that senders with a wrong clock keep writing to';
