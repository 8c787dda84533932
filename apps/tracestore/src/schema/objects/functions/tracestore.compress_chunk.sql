CREATE OR REPLACE FUNCTION tracestore.compress_chunk(p_chunk text) RETURNS boolean
LANGUAGE plpgsql AS $$
DECLARE
  chunk record;
BEGIN
  SELECT k.range_start, k.range_end INTO chunk
  FROM timescaledb_information.chunks k
  WHERE k.hypertable_schema = 'tracestore' AND k.hypertable_name = 'span' AND format('%I.%I', k.chunk_schema, k.chunk_name) = p_chunk;
  IF FOUND THEN
    -- Compressed spans count as aggregated, so a run has to aggregate them first. The lock keeps writers from adding spans.
    EXECUTE format('LOCK TABLE %s IN SHARE ROW EXCLUSIVE MODE', p_chunk);
    IF tracestore.has_uncounted_spans(chunk.range_start, chunk.range_end) THEN RETURN false; END IF;
  END IF;
  IF EXISTS (SELECT FROM pg_settings WHERE name = 'default_toast_compression' AND 'lz4' = ANY (enumvals)) THEN
    PERFORM set_config('default_toast_compression', 'lz4', true);
  END IF;
  EXECUTE format('SELECT %I.compress_chunk($1::regclass)', tracestore.timescale_schema()) USING p_chunk;
  RETURN true;
END
$$;
COMMENT ON FUNCTION tracestore.compress_chunk IS 'Compresses a chunk, with the rows added since its last compression. Returns false while a run has to aggregate spans of the chunk first';
