CREATE OR REPLACE FUNCTION tracestore.end_run(p_run tracestore.run, p_is_last boolean, p_now timestamptz) RETURNS void
LANGUAGE plpgsql
SET jit = off SET work_mem = '64MB' SET enable_nestloop = off AS $$
DECLARE
  state record;
  -- Most spans of 5 minutes have been received 5 minutes later. At most an hour is summed at a time, so that a run stays short.
  roll_5m timestamptz := date_bin('5 minutes', p_now - interval '5 minutes', 'epoch');
  roll_1h timestamptz;
  level record;
BEGIN
  SELECT * INTO STRICT state FROM tracestore.call_state;
  roll_5m := CASE WHEN p_is_last THEN greatest(state.rolled_5m, least(roll_5m, state.rolled_5m + interval '1 hour')) ELSE state.rolled_5m END;
  roll_1h := greatest(state.rolled_1h, least(date_bin('1 hour', roll_5m, 'epoch'), state.rolled_1h + interval '12 hours'));
  FOR level IN SELECT name, summed_of, width FROM tracestore.call_level WHERE summed_of IS NOT NULL ORDER BY width LOOP
    IF level.width = interval '5 minutes' AND roll_5m > state.rolled_5m THEN
      PERFORM tracestore.roll_calls(level.summed_of, level.name, state.rolled_5m, roll_5m);
    ELSIF level.width = interval '1 hour' AND roll_1h > state.rolled_1h THEN
      PERFORM tracestore.roll_calls(level.summed_of, level.name, state.rolled_1h, roll_1h);
    END IF;
  END LOOP;
  UPDATE tracestore.call_state SET
    snapshot = p_run.seen_after,
    transaction_id = pg_current_xact_id(),
    rolled_5m = roll_5m, rolled_1h = roll_1h,
    counted_at = CASE WHEN p_is_last THEN p_now ELSE counted_at END;
  -- A slice of call_recount needs the moves of spans that its snapshot does not see.
  IF NOT EXISTS (SELECT FROM tracestore.call_recount) THEN
    DELETE FROM tracestore.span_move m
    WHERE pg_visible_in_snapshot(m.transaction_id::text::xid8, p_run.seen_after);
    DELETE FROM tracestore.moved_span WHERE NOT EXISTS (SELECT FROM tracestore.span_move);
  END IF;
END
$$;
COMMENT ON FUNCTION tracestore.end_run IS 'Stores how far this run has aggregated, and sums the 5 minutes and hours that are over';
