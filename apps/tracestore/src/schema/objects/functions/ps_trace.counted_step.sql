-- With a setting the function is not inlined: a join then reads its rows again instead of computing them again.
CREATE OR REPLACE FUNCTION ps_trace.counted_step(_t_min timestamptz, _t_max timestamptz, _step interval)
RETURNS TABLE (time_bucket timestamptz, seconds float8)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 500 SET search_path = pg_catalog, pg_temp AS $$
  WITH covered AS MATERIALIZED (
    SELECT cover[1] AS start_time, least(cover[6], (SELECT max(p.counted_at) FROM ps_trace.call_progress p)) AS end_time
    FROM (SELECT ps_trace.call_cover(_t_min, _t_max, _step) AS cover) AS range
  ),
  step AS (
    SELECT s.start_time AS time_bucket, greatest(s.start_time, c.start_time) AS start_time, least(s.start_time + _step, c.end_time) AS end_time
    FROM covered c
    CROSS JOIN LATERAL generate_series(date_bin(_step, c.start_time, 'epoch'), c.end_time, _step) AS s (start_time)
    WHERE _step IS NOT NULL
    UNION ALL
    SELECT _t_min, c.start_time, c.end_time FROM covered c WHERE _step IS NULL
  )
  SELECT s.time_bucket, extract(epoch FROM s.end_time - s.start_time)::float8
  FROM step s
  WHERE s.end_time - s.start_time >= CASE WHEN _step IS NULL THEN interval '1 second' ELSE least(_step, interval '30 seconds') END
$$;
COMMENT ON FUNCTION ps_trace.counted_step IS 'The steps of a range, as operation_call and service_call have them, with the seconds of each that are in the range and aggregated already. Calls per second are calls / seconds. A step is left out while less than 30 seconds of it, or less than a shorter step, are aggregated: so few calls would look like a change. NULL as _step: one step';
