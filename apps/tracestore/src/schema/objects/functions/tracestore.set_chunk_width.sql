CREATE OR REPLACE FUNCTION tracestore.set_chunk_width(p_table text, p_width interval) RETURNS boolean
LANGUAGE plpgsql AS $$
BEGIN
  IF (
    SELECT d.time_interval FROM timescaledb_information.dimensions d
    WHERE d.hypertable_schema = 'tracestore' AND d.hypertable_name = p_table
  ) = p_width THEN
    RETURN false;
  END IF;
  EXECUTE format(
    'SELECT %I.set_chunk_time_interval(%L::regclass, $1)', tracestore.timescale_schema(), 'tracestore.' || p_table
  ) USING p_width;
  RETURN true;
END
$$;
COMMENT ON FUNCTION tracestore.set_chunk_width IS 'Sets the width of new chunks. Returns false where they have it already';
