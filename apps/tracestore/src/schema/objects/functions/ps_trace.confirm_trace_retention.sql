CREATE OR REPLACE FUNCTION ps_trace.confirm_trace_retention(_trace_retention_period interval) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  confirmed CONSTANT float8 := extract(epoch FROM _trace_retention_period);
BEGIN
  IF NOT EXISTS (
    SELECT FROM tracestore.trace_retention r WHERE abs(extract(epoch FROM coalesce(r.requested, r.configured)) - confirmed) < 0.001
    UNION ALL
    SELECT FROM tracestore.applied_retention a WHERE abs(a.pending_s - confirmed) < 0.001
  ) THEN
    RAISE EXCEPTION 'no retention period of % is set', _trace_retention_period USING
      ERRCODE = 'invalid_parameter_value',
      HINT = format('The period that is set is %s.', ps_trace.get_trace_retention_period());
  END IF;
  UPDATE tracestore.applied_retention SET confirmed_s = confirmed;
  RETURN true;
END
$$;
COMMENT ON FUNCTION ps_trace.confirm_trace_retention IS 'Applies a shorter retention period within minutes instead of after 24 hours. The argument repeats the period that is set, so that a mistake is noticed. Older data is then deleted. Always returns true. For the owner and roles with EXECUTE';
REVOKE ALL ON FUNCTION ps_trace.confirm_trace_retention FROM PUBLIC;
