CREATE OR REPLACE FUNCTION ps_trace.traceql_value(p_value jsonb) RETURNS jsonb
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE
AS $$
DECLARE
  types text[];
BEGIN
  CASE ps_trace.traceql_type(p_value)
    WHEN 'array' THEN
      SELECT array_agg(DISTINCT coalesce(ps_trace.traceql_type(e.value), 'other')) INTO types
      FROM jsonb_array_elements(p_value) AS e (value);
      IF cardinality(types) > 1 OR types[1] IN ('array', 'other') THEN RETURN NULL; END IF;
      RETURN CASE jsonb_array_length(p_value) WHEN 1 THEN p_value -> 0 ELSE p_value END;
    WHEN 'float' THEN
      RETURN CASE p_value WHEN '{"doubleValue":"-0"}' THEN '0.0' ELSE p_value END;
    WHEN 'string', 'int', 'bool' THEN
      RETURN p_value;
    ELSE
      RETURN NULL;
  END CASE;
END
$$;
COMMENT ON FUNCTION ps_trace.traceql_value IS 'An attribute value as TraceQL sees it: an array of one element is that element; NULL for what TraceQL cannot see, such as an array of several types, an object, bytes and null';
