-- Who relies on an entry of a dictionary: spans that are stored, aggregates, and writers that know that it is there.
-- Writers say so at the latest one epoch after they learned it (require_epoch), and write entries again in each epoch, which
-- changes last_seen and xmin. So an entry that was not written for days is known to no writer, and no span refers to it that
-- was received since.
CREATE OR REPLACE FUNCTION tracestore.require_epoch(p_epoch int8) RETURNS boolean
LANGUAGE plpgsql STABLE AS $$
DECLARE
  current_epoch CONSTANT int8 := (SELECT t.epoch FROM tracestore.lifecycle_time t);
BEGIN
  IF p_epoch BETWEEN current_epoch - 1 AND current_epoch THEN RETURN true; END IF;
  RAISE EXCEPTION 'what the writer knows of the dictionaries is of epoch %, and this is epoch %', p_epoch, current_epoch
    USING ERRCODE = 'SPE01';
END
$$;
COMMENT ON FUNCTION tracestore.require_epoch IS 'True, or SQLSTATE SPE01 where what a writer knows of the dictionaries was learned in an epoch before the last one';
