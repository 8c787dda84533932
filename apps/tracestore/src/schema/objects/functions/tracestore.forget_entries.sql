CREATE OR REPLACE FUNCTION tracestore.forget_entries(p_table text, p_kept_s float8, p_limit int4) RETURNS int8
LANGUAGE plpgsql
-- Looks each operation up in the index of the aggregates, because these tables can be large.
SET enable_hashjoin = off SET enable_mergejoin = off AS $$
DECLARE
  seconds_before_use CONSTANT float8 := 2 * 86400;
  current_id CONSTANT int8 := pg_current_xact_id()::text::int8;
  time_now CONSTANT timestamptz := tracestore.database_time();
  written_before int8 := tracestore.receipt_cutoff(p_kept_s);
  oldest_id int8;
  is_unused text := 'true';
  deleted int8;
BEGIN
  IF written_before IS NULL THEN RETURN 0; END IF;
  -- Some spans are kept longer: their time lies in the future, or their part has later spans. Their entries were written at
  -- most two epochs before their receipt.
  SELECT min(b.transaction_id) INTO oldest_id FROM tracestore.span_block b WHERE b.transaction_id < written_before;
  IF oldest_id IS NOT NULL THEN
    SELECT max(m.next_id) INTO written_before
    FROM tracestore.receipt_mark m
    WHERE m.observed_s <= (SELECT max(o.observed_s) FROM tracestore.receipt_mark o WHERE o.next_id <= oldest_id) - seconds_before_use;
    IF written_before IS NULL THEN RETURN 0; END IF;
  END IF;
  EXECUTE format(
    'UPDATE tracestore.%1$I d SET last_seen = $1
     WHERE d.last_seen < $2 AND d.id IN (SELECT s.%2$I FROM tracestore.span s WHERE s.start_time > $1)',
    p_table, p_table || '_id'
  ) USING time_now, time_now - make_interval(secs => p_kept_s);
  IF p_table = 'operation' THEN
    is_unused := 'NOT EXISTS (SELECT FROM tracestore.call_5m u WHERE u.operation_id = d.id)
      AND NOT EXISTS (SELECT FROM tracestore.call_1h u WHERE u.operation_id = d.id)';
  END IF;
  EXECUTE format(
    'DELETE FROM tracestore.%1$I WHERE last_seen < $1 AND $2 - age(xmin) < $3 AND id = ANY (ARRAY(
       SELECT d.id FROM tracestore.%1$I d WHERE d.last_seen < $1 AND $2 - age(d.xmin) < $3 AND %2$s ORDER BY d.id LIMIT $4
     ))',
    p_table, is_unused
  ) USING time_now - make_interval(secs => p_kept_s), current_id, written_before, p_limit;
  GET DIAGNOSTICS deleted = ROW_COUNT;
  RETURN deleted;
END
$$;
COMMENT ON FUNCTION tracestore.forget_entries IS 'Deletes a batch of a dictionary: entries that no writer has written for p_kept_s seconds, by the database''s clock and by observed time, and that no stored row refers to. Returns the number of rows';
