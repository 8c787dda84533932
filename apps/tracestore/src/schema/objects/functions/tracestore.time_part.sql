CREATE OR REPLACE FUNCTION tracestore.time_part(p_table text)
RETURNS TABLE (part regclass, time_range tstzrange, is_compressed boolean)
LANGUAGE plpgsql STABLE AS $$
BEGIN
  IF EXISTS (SELECT FROM tracestore.partition p WHERE p.table_name = p_table) THEN
    RETURN QUERY SELECT p.partition, p.time_range, false FROM tracestore.partition p WHERE p.table_name = p_table AND NOT p.is_default;
  ELSE
    RETURN QUERY
      SELECT format('%I.%I', k.chunk_schema, k.chunk_name)::regclass, tstzrange(k.range_start, k.range_end), coalesce(k.is_compressed, false)
      FROM timescaledb_information.chunks k
      WHERE k.hypertable_schema = 'tracestore' AND k.hypertable_name = p_table;
  END IF;
END
$$;
COMMENT ON FUNCTION tracestore.time_part IS 'The parts of a table with their time ranges: partitions without the default one, or chunks';
