CREATE OR REPLACE FUNCTION ps_trace.get_trace_retention_period() RETURNS interval
LANGUAGE sql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
  SELECT coalesce(r.requested, r.configured) FROM tracestore.trace_retention r;
END;
COMMENT ON FUNCTION ps_trace.get_trace_retention_period IS 'For how long spans are kept after their start and after they were received, whichever is later; a shorter period than before counts after 24 hours or when it was confirmed';
