CREATE OR REPLACE FUNCTION tracestore.recount_calls(p_from timestamptz, p_to timestamptz) RETURNS int8
LANGUAGE plpgsql AS $$
DECLARE
  range_from CONSTANT timestamptz := date_bin('1 hour', p_from, 'epoch');
  range_to CONSTANT timestamptz := date_bin('1 hour', p_to + interval '1 hour' - interval '1 microsecond', 'epoch');
  counted pg_snapshot;
  level record;
  slices int8;
BEGIN
  -- Waits for the current run; the next run waits for this transaction.
  SELECT s.snapshot INTO STRICT counted FROM tracestore.call_state s FOR UPDATE;
  FOR level IN SELECT name FROM tracestore.call_level LOOP
    EXECUTE format('DELETE FROM tracestore.%I WHERE time_bucket >= $1 AND time_bucket < $2', level.name) USING range_from, range_to;
  END LOOP;
  DELETE FROM tracestore.late_call WHERE time_bucket >= range_from AND time_bucket < range_to;
  DELETE FROM tracestore.call_recount WHERE start_from >= range_from AND start_to <= range_to;
  INSERT INTO tracestore.call_recount (start_from, start_to, snapshot)
  SELECT slice, slice + interval '5 minutes', counted
  FROM generate_series(range_from, range_to - interval '5 minutes', interval '5 minutes') AS slice
  WHERE EXISTS (SELECT FROM tracestore.span s WHERE s.start_time >= slice AND s.start_time < slice + interval '5 minutes');
  GET DIAGNOSTICS slices = ROW_COUNT;
  RETURN slices;
END
$$;
COMMENT ON FUNCTION tracestore.recount_calls IS 'Deletes the aggregates of these whole hours. The next runs aggregate their spans again, 5 minutes at a time. Returns the number of these slices, those without spans left out';
