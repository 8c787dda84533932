CREATE OR REPLACE FUNCTION tracestore.enable_compression(p_table text) RETURNS boolean
LANGUAGE plpgsql AS $$
BEGIN
  IF (
    SELECT h.compression_enabled FROM timescaledb_information.hypertables h
    WHERE h.hypertable_schema = 'tracestore' AND h.hypertable_name = p_table
  ) THEN
    RETURN false;
  END IF;
  -- In the order of time, so that the spans of a trace are neighbours.
  EXECUTE format(
    'ALTER TABLE tracestore.%I SET (timescaledb.compress, timescaledb.compress_segmentby = %L, timescaledb.compress_orderby = %L)',
    p_table,
    CASE WHEN p_table IN ('call_5m', 'call_1h') THEN 'operation_id' ELSE '' END,
    (SELECT t.time_column FROM tracestore.timed_table t WHERE t.name = p_table)
  );
  RETURN true;
END
$$;
COMMENT ON FUNCTION tracestore.enable_compression IS 'Enables compression of a hypertable. Returns false where it is enabled already';
