CREATE OR REPLACE FUNCTION ps_trace.traceql_type(p_value jsonb) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT CASE jsonb_typeof(p_value)
    WHEN 'string' THEN 'string'
    WHEN 'number' THEN CASE scale(p_value::numeric) WHEN 0 THEN 'int' ELSE 'float' END
    WHEN 'boolean' THEN 'bool'
    WHEN 'array' THEN 'array'
    WHEN 'object' THEN CASE
      WHEN p_value = ANY ('{"{\"doubleValue\":\"NaN\"}","{\"doubleValue\":\"Infinity\"}","{\"doubleValue\":\"-Infinity\"}","{\"doubleValue\":\"-0\"}"}'::jsonb[])
      THEN 'float'
    END
  END
$$;
COMMENT ON FUNCTION ps_trace.traceql_type IS 'The type of an attribute value in TraceQL: string, int, float, bool or array; NULL for an object, bytes and null';
