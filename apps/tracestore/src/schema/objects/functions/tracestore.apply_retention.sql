CREATE OR REPLACE FUNCTION tracestore.apply_retention(p_name text, p_wanted_s float8, p_wait_s float8)
RETURNS TABLE (applied_s float8, pending_s float8)
LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
  kept tracestore.applied_retention;
  was tracestore.applied_retention;
  observed_s CONSTANT float8 := (SELECT t.observed_s FROM tracestore.lifecycle_time t);
BEGIN
  SELECT * INTO STRICT kept FROM tracestore.applied_retention a WHERE a.name = p_name;
  was := kept;
  IF kept.confirmed_s IS NOT NULL AND abs(kept.confirmed_s - p_wanted_s) >= 0.001 THEN kept.confirmed_s := NULL; END IF;
  IF kept.pending_s IS NULL OR kept.pending_s <> p_wanted_s THEN kept.pending_since_s := observed_s; END IF;
  IF kept.applied_s IS NULL OR p_wanted_s >= kept.applied_s OR kept.confirmed_s IS NOT NULL
    OR observed_s - kept.pending_since_s >= p_wait_s
  THEN
    kept := ROW(p_name, p_wanted_s, NULL, NULL, NULL)::tracestore.applied_retention;
  ELSE
    kept.pending_s := p_wanted_s;
  END IF;
  IF kept IS DISTINCT FROM was THEN
    UPDATE tracestore.applied_retention a SET
      applied_s = kept.applied_s, pending_s = kept.pending_s, pending_since_s = kept.pending_since_s, confirmed_s = kept.confirmed_s
    WHERE a.name = p_name;
  END IF;
  RETURN QUERY SELECT kept.applied_s, kept.pending_s;
END
$$;
COMMENT ON FUNCTION tracestore.apply_retention IS 'How many seconds to keep traces, aggregates or the ledger if p_wanted_s is configured. A shorter time applies once it is confirmed, or after it was configured for p_wait_s seconds of observed time without a break';
