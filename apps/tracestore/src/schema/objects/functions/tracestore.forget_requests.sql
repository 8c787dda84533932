CREATE OR REPLACE FUNCTION tracestore.forget_requests(p_kept_s float8, p_limit int4) RETURNS int8
LANGUAGE plpgsql AS $$
DECLARE
  current_id CONSTANT int8 := pg_current_xact_id()::text::int8;
  time_now CONSTANT timestamptz := tracestore.database_time();
  received_before CONSTANT int8 := tracestore.receipt_cutoff(p_kept_s);
  deleted int8;
BEGIN
  IF received_before IS NULL THEN RETURN 0; END IF;
  DELETE FROM tracestore.ledger WHERE ctid = ANY (ARRAY(
    SELECT l.ctid FROM tracestore.ledger l
    WHERE (l.received_at < time_now - make_interval(secs => p_kept_s) OR l.received_at >= tracestore.future_cutoff())
      AND current_id - age(l.xmin) < received_before
    LIMIT p_limit
  ));
  GET DIAGNOSTICS deleted = ROW_COUNT;
  RETURN deleted;
END
$$;
COMMENT ON FUNCTION tracestore.forget_requests IS 'Deletes a batch of the ledger: requests received more than p_kept_s seconds ago, by the database''s clock and by observed time. Returns the number of rows';
