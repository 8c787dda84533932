CREATE OR REPLACE FUNCTION tracestore.roll_late_calls() RETURNS boolean
LANGUAGE plpgsql
-- No nested loops: for a range of a BRIN index the planner expects one row.
SET jit = off SET work_mem = '64MB' SET enable_nestloop = off AS $$
DECLARE
  late record;
BEGIN
  -- Waits for a transaction of recount_calls; later ones wait for this transaction.
  PERFORM FROM tracestore.call_state FOR UPDATE;
  SELECT l.table_name, l.time_bucket INTO late
  FROM tracestore.late_call l
  GROUP BY l.table_name, l.time_bucket
  HAVING max(l.added_at) < now() - interval '1 minute' OR count(*) >= 32
  ORDER BY l.time_bucket DESC, l.table_name
  LIMIT 1;
  IF NOT FOUND THEN RETURN false; END IF;
  IF NOT tracestore.is_compressed(late.table_name, late.time_bucket) THEN
    PERFORM tracestore.roll_calls(late.table_name, late.table_name, late.time_bucket, late.time_bucket + interval '1 microsecond');
  END IF;
  DELETE FROM tracestore.late_call l WHERE l.table_name = late.table_name AND l.time_bucket = late.time_bucket;
  RETURN true;
END
$$;
COMMENT ON FUNCTION tracestore.roll_late_calls IS 'Sums a bucket again that got rows late: the latest one without new rows for a minute, or with many. Returns whether there was one. Compressed buckets stay as they are';
