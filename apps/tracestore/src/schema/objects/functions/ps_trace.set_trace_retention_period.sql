CREATE OR REPLACE FUNCTION ps_trace.set_trace_retention_period(_trace_retention_period interval) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  -- In seconds, as years and months have no length of their own.
  IF extract(epoch FROM _trace_retention_period)::float8 NOT BETWEEN 3600 AND 36500 * 86400::float8 THEN
    RAISE EXCEPTION 'a retention period is at least 1 hour and at most 36500 days, not %', _trace_retention_period
      USING ERRCODE = 'invalid_parameter_value';
  END IF;
  UPDATE tracestore.trace_retention SET requested = _trace_retention_period;
  RETURN true;
END
$$;
COMMENT ON FUNCTION ps_trace.set_trace_retention_period IS 'Sets for how long spans are kept after their start and after they were received, whichever is later, at least an hour; always true. It counts instead of what the store is configured to. A longer period counts from the next run of the lifecycle on, a shorter one after 24 hours or when it was confirmed with confirm_trace_retention. NULL returns to the configuration. For the owner and whom it grants EXECUTE';
REVOKE ALL ON FUNCTION ps_trace.set_trace_retention_period FROM PUBLIC;
