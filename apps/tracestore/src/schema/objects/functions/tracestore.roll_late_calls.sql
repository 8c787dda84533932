CREATE OR REPLACE FUNCTION tracestore.roll_late_calls() RETURNS boolean
LANGUAGE plpgsql
-- The planner expects one row of what a range of a BRIN index finds.
SET jit = off SET work_mem = '64MB' SET enable_nestloop = off AS $$
DECLARE
  late record;
BEGIN
  -- Waits for who has figures counted again; they wait for this.
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
COMMENT ON FUNCTION tracestore.roll_late_calls IS 'Sums up one bucket again to which rows were added late: the latest to which none were for a minute, or many times; whether there was one. Compressed ones stay as they are';
