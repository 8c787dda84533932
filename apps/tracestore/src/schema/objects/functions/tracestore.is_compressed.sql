CREATE OR REPLACE FUNCTION tracestore.is_compressed(p_table text, p_time timestamptz) RETURNS boolean
LANGUAGE plpgsql STABLE AS $$
BEGIN
  IF tracestore.timescale_schema() IS NULL THEN RETURN false; END IF;
  RETURN EXISTS (
    SELECT FROM timescaledb_information.chunks k
    WHERE k.hypertable_schema = 'tracestore' AND k.hypertable_name = p_table AND k.is_compressed
      AND k.range_start <= p_time AND k.range_end > p_time
  );
END
$$;
COMMENT ON FUNCTION tracestore.is_compressed IS 'Whether rows of this time are in a compressed chunk';
