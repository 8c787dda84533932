CREATE OR REPLACE FUNCTION ps_trace.get_trace_retention_period() RETURNS interval
LANGUAGE sql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
  SELECT coalesce(r.requested, r.configured) FROM tracestore.trace_retention r;
END;
COMMENT ON FUNCTION ps_trace.get_trace_retention_period IS 'How long spans are kept after their start or their receipt, whichever is later. A shorter period applies after 24 hours or once it is confirmed';
