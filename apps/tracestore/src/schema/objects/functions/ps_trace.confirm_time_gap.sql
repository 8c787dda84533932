CREATE OR REPLACE FUNCTION ps_trace.confirm_time_gap() RETURNS interval
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  whole_gap_s float8;
BEGIN
  PERFORM FROM tracestore.lifecycle_time FOR UPDATE;
  SELECT sum(g.gap_s) INTO whole_gap_s FROM tracestore.time_gap g;
  IF whole_gap_s IS NULL THEN RETURN interval '0'; END IF;
  UPDATE tracestore.receipt_mark m SET
    transaction_id = pg_current_xact_id()::text::int8,
    observed_s = m.observed_s + coalesce((SELECT sum(g.gap_s) FROM tracestore.time_gap g WHERE g.before_id <= m.next_id), 0)
  WHERE m.xmin::text = (m.transaction_id & 4294967295)::text;
  UPDATE tracestore.lifecycle_time SET observed_s = observed_s + whole_gap_s;
  -- The gap does not shorten the wait of a shorter retention.
  UPDATE tracestore.applied_retention SET pending_since_s = pending_since_s + whole_gap_s;
  DELETE FROM tracestore.time_gap;
  RETURN justify_hours(make_interval(secs => whole_gap_s));
END
$$;
COMMENT ON FUNCTION ps_trace.confirm_time_gap IS 'Confirms that the database''s clock is right after it advanced by more than stores observed, for example because no store ran for long. Older data then has the age that the clock shows. Returns the length of the gap. For the owner and roles with EXECUTE';
REVOKE ALL ON FUNCTION ps_trace.confirm_time_gap FROM PUBLIC;
