CREATE OR REPLACE FUNCTION tracestore.delete_expired_rows(p_table text, p_part regclass, p_kept_s float8, p_limit int4) RETURNS int8
LANGUAGE plpgsql AS $$
DECLARE
  current_id CONSTANT int8 := pg_current_xact_id()::text::int8;
  received_before CONSTANT int8 := tracestore.receipt_cutoff(p_kept_s);
  deleted int8;
BEGIN
  IF received_before IS NULL THEN RETURN 0; END IF;
  EXECUTE format(
    'DELETE FROM ONLY %1$s WHERE ctid = ANY (ARRAY(
       SELECT ctid FROM ONLY %1$s WHERE (%2$I < $1 OR %2$I >= $2) AND $3 - age(xmin) < $4 LIMIT $5
     ))',
    p_part, (SELECT t.time_column FROM tracestore.timed_table t WHERE t.name = p_table)
  ) USING tracestore.age_cutoff(p_table, p_kept_s), tracestore.future_cutoff(), current_id, received_before, p_limit;
  GET DIAGNOSTICS deleted = ROW_COUNT;
  RETURN deleted;
END
$$;
COMMENT ON FUNCTION tracestore.delete_expired_rows IS 'Deletes a batch of expired rows of a part that were received more than p_kept_s seconds ago. Returns the number of rows';
