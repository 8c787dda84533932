CREATE OR REPLACE FUNCTION tracestore.age_cutoff(p_table text, p_kept_s float8) RETURNS timestamptz
LANGUAGE plpgsql AS $$
BEGIN
  RETURN CASE
    -- Aggregates of 10 seconds stay until they are summed to 5 minutes.
    WHEN p_table IN ('call_10s', 'service_call_10s') THEN
      least(tracestore.database_time() - make_interval(secs => p_kept_s), (SELECT s.rolled_5m FROM tracestore.call_state s))
    ELSE tracestore.database_time() - make_interval(secs => p_kept_s)
  END;
END
$$;
COMMENT ON FUNCTION tracestore.age_cutoff IS 'Rows of a table with an earlier time are older than p_kept_s seconds by the database''s clock';
