CREATE OR REPLACE FUNCTION tracestore.compressible_chunks(p_table text, p_after_s float8, p_kept_s float8) RETURNS SETOF text
LANGUAGE plpgsql AS $$
DECLARE
  time_now CONSTANT timestamptz := tracestore.database_time();
BEGIN
  -- Status 1: compressed; 8: later rows are not compressed. An expired chunk is dropped soon, or loses rows one by one.
  RETURN QUERY
    SELECT format('%I.%I', k.chunk_schema, k.chunk_name)
    FROM timescaledb_information.chunks k
    JOIN _timescaledb_catalog.chunk c ON c.schema_name = k.chunk_schema AND c.table_name = k.chunk_name
    JOIN timescaledb_information.hypertables h
      ON h.hypertable_schema = k.hypertable_schema AND h.hypertable_name = k.hypertable_name AND h.compression_enabled
    WHERE k.hypertable_schema = 'tracestore' AND k.hypertable_name = p_table
      AND k.range_end <= time_now - make_interval(secs => p_after_s)
      AND k.range_end > time_now - make_interval(secs => p_kept_s)
      AND (c.status & 1 = 0 OR c.status & 8 = 8)
    ORDER BY k.range_end;
END
$$;
COMMENT ON FUNCTION tracestore.compressible_chunks IS 'The chunks of a hypertable that ended more than p_after_s and less than p_kept_s seconds ago and have rows that are not compressed';
