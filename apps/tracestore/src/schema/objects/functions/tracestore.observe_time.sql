CREATE OR REPLACE FUNCTION tracestore.observe_time(p_store uuid, p_elapsed_s float8, p_longest_gap_s float8, p_longest_kept_s float8)
RETURNS float8
LANGUAGE plpgsql AS $$
DECLARE
  seconds_per_epoch CONSTANT float8 := 3600;
  seconds_per_mark CONSTANT float8 := 600;
  current_id CONSTANT int8 := pg_current_xact_id()::text::int8;
  time_now CONSTANT timestamptz := tracestore.database_time();
  state tracestore.lifecycle_time;
  by_store_s float8;
  by_clock_s float8;
  passed_s float8;
  gap_s float8;
  epochs int8;
BEGIN
  SELECT * INTO STRICT state FROM tracestore.lifecycle_time FOR UPDATE;
  DELETE FROM tracestore.receipt_mark m WHERE m.xmin::text <> (m.transaction_id & 4294967295)::text;
  IF FOUND THEN DELETE FROM tracestore.held_part; END IF;
  DELETE FROM tracestore.time_gap g WHERE g.xmin::text <> (g.transaction_id & 4294967295)::text;
  -- A process measures elapsed time without a wall clock. Between two processes only the database's clock is known, and an
  -- administrator can set it: an advance counts if it is no longer than a restart.
  by_store_s := CASE WHEN state.noted_by = p_store THEN greatest(p_elapsed_s, 0) ELSE 0 END;
  by_clock_s := coalesce(extract(epoch FROM time_now - state.noted_at), 0);
  -- A clock that was set back shows the same hours twice: they count once.
  passed_s := greatest(by_store_s, least(by_clock_s, coalesce(extract(epoch FROM time_now - state.latest_at), 0)));
  IF passed_s > by_store_s + p_longest_gap_s THEN
    gap_s := passed_s - by_store_s;
    passed_s := by_store_s;
    INSERT INTO tracestore.time_gap (before_id, gap_s, gap_from, gap_to) VALUES (current_id, gap_s, state.noted_at, time_now);
  END IF;
  state.observed_s := state.observed_s + passed_s;
  epochs := floor((state.observed_s - state.epoch_s) / seconds_per_epoch);
  state.epoch := state.epoch + epochs;
  state.epoch_s := state.epoch_s + epochs * seconds_per_epoch;
  UPDATE tracestore.lifecycle_time SET
    observed_s = state.observed_s, epoch = state.epoch, epoch_s = state.epoch_s,
    noted_at = time_now, latest_at = greatest(state.latest_at, time_now), noted_by = p_store;
  IF NOT EXISTS (SELECT FROM tracestore.receipt_mark m WHERE m.observed_s > state.observed_s - seconds_per_mark) THEN
    INSERT INTO tracestore.receipt_mark (next_id, observed_s) VALUES (current_id, state.observed_s);
    -- Twice the longest retention, because rows received late keep the rows before them.
    DELETE FROM tracestore.receipt_mark m WHERE m.observed_s < state.observed_s - 2 * p_longest_kept_s;
    DELETE FROM tracestore.time_gap g WHERE g.before_id < (SELECT min(m.next_id) FROM tracestore.receipt_mark m);
  END IF;
  RETURN gap_s;
END
$$;
COMMENT ON FUNCTION tracestore.observe_time IS 'Advances observed time: the store p_store says that p_elapsed_s seconds have passed since its last call. Returns the seconds by which the database''s clock advanced beyond that and p_longest_gap_s; NULL without such a gap. A gap counts only after confirm_time_gap';
