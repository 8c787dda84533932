CREATE OR REPLACE FUNCTION tracestore.begin_recount()
RETURNS TABLE (run tracestore.run, start_from timestamptz, rolled_5m timestamptz, rolled_1h timestamptz)
LANGUAGE plpgsql AS $$
DECLARE
  slice record;
BEGIN
  SELECT s.rolled_5m, s.rolled_1h INTO STRICT rolled_5m, rolled_1h FROM tracestore.call_state s FOR UPDATE;
  -- The latest first, because queries read it most.
  DELETE FROM tracestore.call_recount
  WHERE ctid = (SELECT r.ctid FROM tracestore.call_recount r ORDER BY r.start_from DESC LIMIT 1)
  RETURNING * INTO slice;
  IF slice IS NULL THEN RETURN; END IF;
  -- Transaction ids begin with 3, so the first snapshot sees no transaction.
  RETURN QUERY
    SELECT
      ROW('3:3:', slice.snapshot, tstzrange(slice.start_from, slice.start_to))::tracestore.run,
      slice.start_from, rolled_5m, rolled_1h;
END
$$;
COMMENT ON FUNCTION tracestore.begin_recount IS 'Takes a slice of time from call_recount and returns the run that aggregates it again; no row where call_recount is empty';
