-- An aggregation run adds the spans of all transactions that its snapshot seen_after sees and seen_before does not see.
-- docs/adr/0010-deferred-rollups.md says how each span counts exactly once.
CREATE OR REPLACE FUNCTION tracestore.begin_run(p_most_spans int8)
RETURNS TABLE (
  run tracestore.run, span_count int8, is_last boolean, restored boolean, rolled_5m timestamptz, rolled_1h timestamptz
)
LANGUAGE plpgsql AS $$
DECLARE
  now_seen CONSTANT pg_snapshot := pg_current_snapshot();
  state record;
  before_end int8;
  before_running int8[];
  now_running CONSTANT int8[] := ARRAY(SELECT x::text::int8 FROM pg_snapshot_xip(now_seen) AS x);
  enough int8;
  seen_after pg_snapshot := now_seen;
BEGIN
  SELECT s.*, s.xmin::text AS written_by INTO STRICT state FROM tracestore.call_state s FOR UPDATE;
  IF state.written_by <> (state.transaction_id::text::int8 & 4294967295)::text
    OR pg_snapshot_xmax(state.snapshot) > pg_snapshot_xmax(now_seen)
  THEN
    -- The transactions that wrote the spans have other ids now, so all stored spans count as seen.
    UPDATE tracestore.call_state SET snapshot = now_seen, transaction_id = pg_current_xact_id();
    DELETE FROM tracestore.span_move;
    DELETE FROM tracestore.moved_span;
    RETURN QUERY SELECT NULL::tracestore.run, 0::int8, false, true, state.rolled_5m, state.rolled_1h;
    RETURN;
  END IF;
  before_end := pg_snapshot_xmax(state.snapshot)::text::int8;
  before_running := ARRAY(SELECT x::text::int8 FROM pg_snapshot_xip(state.snapshot) AS x);
  -- enough is the first transaction beyond the limit. Older transactions that the last run saw as running are part of this
  -- run, however many spans they have.
  SELECT coalesce(sum(b.spans) FILTER (WHERE b.place <= p_most_spans), 0), min(b.transaction_id) FILTER (WHERE b.place > p_most_spans)
  INTO span_count, enough
  FROM (
    SELECT w.transaction_id, w.spans,
      CASE WHEN w.transaction_id < before_end THEN 0
        ELSE sum(w.spans) OVER (ORDER BY w.transaction_id) - w.spans + 1 END AS place
    FROM (
      SELECT k.transaction_id, sum(k.span_count)::int8 AS spans
      FROM tracestore.span_block k
      WHERE k.transaction_id >= before_end OR k.transaction_id = ANY (before_running)
      GROUP BY k.transaction_id
    ) AS w
  ) AS b;
  IF enough IS NOT NULL THEN
    SELECT concat_ws(':', coalesce(min(x), enough), enough, coalesce(string_agg(x::text, ',' ORDER BY x), ''))::pg_snapshot
    INTO seen_after
    FROM unnest(now_running) AS x
    WHERE x < enough;
  END IF;
  RETURN QUERY
    SELECT ROW(state.snapshot, seen_after, NULL)::tracestore.run, span_count, enough IS NULL, false, state.rolled_5m, state.rolled_1h;
END
$$;
COMMENT ON FUNCTION tracestore.begin_run IS 'Selects the spans of an aggregation run: at most p_most_spans and the rest of their transaction. is_last is true if no new spans remain for another run. restored is true if the database was restored from a dump, and transactions have other ids. Only recount_calls can then aggregate the stored spans, and run is NULL';
