CREATE OR REPLACE FUNCTION ps_trace.traceql_number(p_value jsonb) RETURNS float8
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT CASE jsonb_typeof(p_value)
    WHEN 'number' THEN p_value::float8
    WHEN 'object' THEN CASE ps_trace.traceql_type(p_value) WHEN 'float' THEN (p_value ->> 'doubleValue')::float8 END
  END
$$;
COMMENT ON FUNCTION ps_trace.traceql_number IS 'An attribute value that is an int or a float as a number; NULL for another type';
