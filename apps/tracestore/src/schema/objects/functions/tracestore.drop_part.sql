CREATE OR REPLACE FUNCTION tracestore.drop_part(p_table text, p_part regclass, p_kept_s float8) RETURNS boolean
LANGUAGE plpgsql AS $$
DECLARE
  expired record;
  since CONSTANT int8 := tracestore.receipt_cutoff(p_kept_s);
BEGIN
  SELECT * INTO expired FROM tracestore.expired_parts(p_table, p_kept_s) e WHERE e.part = p_part;
  IF NOT FOUND THEN RETURN false; END IF;
  IF tracestore.is_received_since(p_table, p_part, expired.time_range, since) THEN RETURN false; END IF;
  -- Checks again with writers locked out: a running transaction could have written to the part.
  EXECUTE format('LOCK TABLE %s IN SHARE MODE', p_part);
  IF tracestore.is_received_since(p_table, p_part, expired.time_range, since) THEN RETURN false; END IF;
  DELETE FROM tracestore.held_part h WHERE h.part = p_part;
  IF EXISTS (SELECT FROM tracestore.partition p WHERE p.partition = p_part) THEN
    PERFORM tracestore.drop_partition(p_table, p_part);
  ELSE
    EXECUTE format(
      'SELECT %I.drop_chunks(%L::regclass, older_than => $1, newer_than => $2)', tracestore.timescale_schema(), 'tracestore.' || p_table
    ) USING upper(expired.time_range), lower(expired.time_range);
  END IF;
  RETURN true;
END
$$;
COMMENT ON FUNCTION tracestore.drop_part IS 'Drops a partition or a chunk if it has expired and no row in it was received within p_kept_s seconds. Returns whether it did';
