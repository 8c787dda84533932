CREATE OR REPLACE FUNCTION ps_trace.set_trace_retention_period(_trace_retention_period interval) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  -- In seconds, because years and months have no fixed length.
  IF extract(epoch FROM _trace_retention_period)::float8 NOT BETWEEN 3600 AND 36500 * 86400::float8 THEN
    RAISE EXCEPTION 'retention period must be from 1 hour to 36500 days, got %', _trace_retention_period
      USING ERRCODE = 'invalid_parameter_value';
  END IF;
  UPDATE tracestore.trace_retention SET requested = _trace_retention_period;
  RETURN true;
END
$$;
COMMENT ON FUNCTION ps_trace.set_trace_retention_period IS 'Sets how long spans are kept after their start or their receipt, whichever is later; at least an hour. It overrides the configuration of the store, and NULL removes it. A longer period applies from the next run of the lifecycle on, a shorter one after 24 hours or after confirm_trace_retention. Always returns true. For the owner and roles with EXECUTE';
REVOKE ALL ON FUNCTION ps_trace.set_trace_retention_period FROM PUBLIC;
