-- Stored spans, aggregates and writers rely on entries of the dictionaries. A writer calls require_epoch with what it knows at
-- most one epoch after it learned it, and writes entries again in each epoch, which changes last_seen and xmin. So an entry
-- that was not written for days is known to no writer, and no span received since then refers to it.
CREATE OR REPLACE FUNCTION tracestore.require_epoch(p_epoch int8) RETURNS boolean
LANGUAGE plpgsql STABLE AS $$
DECLARE
  current_epoch CONSTANT int8 := (SELECT t.epoch FROM tracestore.lifecycle_time t);
BEGIN
  IF p_epoch BETWEEN current_epoch - 1 AND current_epoch THEN RETURN true; END IF;
  RAISE EXCEPTION 'dictionary epoch % of the writer is out of date: the epoch is %', p_epoch, current_epoch
    USING ERRCODE = 'SPE01';
END
$$;
COMMENT ON FUNCTION tracestore.require_epoch IS 'Returns true. Raises SQLSTATE SPE01 if the writer''s knowledge of the dictionaries is from before the last epoch';
