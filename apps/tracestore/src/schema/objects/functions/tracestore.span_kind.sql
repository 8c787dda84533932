-- Each value has a cast: a cast of the whole CASE would go through text for every row.
CREATE OR REPLACE FUNCTION tracestore.span_kind(p_otlp int4) RETURNS ps_trace.span_kind
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE p_otlp
  WHEN 1 THEN 'internal'::ps_trace.span_kind WHEN 2 THEN 'server'::ps_trace.span_kind
  WHEN 3 THEN 'client'::ps_trace.span_kind WHEN 4 THEN 'producer'::ps_trace.span_kind
  WHEN 5 THEN 'consumer'::ps_trace.span_kind ELSE 'unspecified'::ps_trace.span_kind
END;
COMMENT ON FUNCTION tracestore.span_kind IS 'The kind for a number of OTLP; unspecified for an unknown number';
