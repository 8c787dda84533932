CREATE OR REPLACE FUNCTION tracestore.status_code(p_otlp int4) RETURNS ps_trace.status_code
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE p_otlp
  WHEN 1 THEN 'ok'::ps_trace.status_code WHEN 2 THEN 'error'::ps_trace.status_code ELSE 'unset'::ps_trace.status_code
END;
COMMENT ON FUNCTION tracestore.status_code IS 'The status code for a number of OTLP; unset for an unknown number';
