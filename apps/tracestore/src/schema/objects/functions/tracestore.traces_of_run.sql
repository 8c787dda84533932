CREATE OR REPLACE FUNCTION tracestore.traces_of_run(p_run tracestore.run) RETURNS tracestore.trace_bounds[]
LANGUAGE plpgsql STABLE
SET jit = off AS $$
DECLARE
  before_end CONSTANT int8 := pg_snapshot_xmax(p_run.seen_before)::text::int8;
  before_running CONSTANT int8[] := ARRAY(SELECT x::text::int8 FROM pg_snapshot_xip(p_run.seen_before) AS x);
  after_end CONSTANT int8 := pg_snapshot_xmax(p_run.seen_after)::text::int8;
  after_running CONSTANT int8[] := ARRAY(SELECT x::text::int8 FROM pg_snapshot_xip(p_run.seen_after) AS x);
BEGIN
  IF p_run.slice IS NULL THEN
    RETURN ARRAY(
      SELECT ROW(t.trace_id, min(k.start_min), max(k.start_max))::tracestore.trace_bounds
      FROM tracestore.span_block k, unnest(k.trace_ids) AS t (trace_id)
      WHERE (k.transaction_id >= before_end OR k.transaction_id = ANY (before_running))
        AND k.transaction_id < after_end AND k.transaction_id <> ALL (after_running)
      GROUP BY t.trace_id ORDER BY t.trace_id
    );
  END IF;
  RETURN ARRAY(
    SELECT ROW(s.trace_id, min(s.start_time), max(s.start_time))::tracestore.trace_bounds
    FROM tracestore.span s
    WHERE s.start_time >= lower(p_run.slice) AND s.start_time < upper(p_run.slice)
    GROUP BY s.trace_id ORDER BY s.trace_id
  );
END
$$;
COMMENT ON FUNCTION tracestore.traces_of_run IS 'The traces with spans to aggregate in a run, each with bounds of the start times of these spans';
