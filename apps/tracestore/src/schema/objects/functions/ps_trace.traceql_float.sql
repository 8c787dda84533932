CREATE OR REPLACE FUNCTION ps_trace.traceql_float(p_number float8) RETURNS jsonb
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT CASE
    WHEN p_number IS NULL THEN NULL
    WHEN p_number = 0 THEN CASE p_number::text WHEN '-0' THEN '{"doubleValue":"-0"}' ELSE '0.0' END::jsonb
    WHEN p_number IN ('NaN', 'Infinity', '-Infinity') THEN jsonb_build_object('doubleValue', p_number::text)
    WHEN scale(p_number::text::numeric) = 0 THEN to_jsonb(p_number::text::numeric * 1.0)
    ELSE to_jsonb(p_number::text::numeric)
  END
$$;
COMMENT ON FUNCTION ps_trace.traceql_float IS 'A number as the value of an attribute that is a float, with a fraction: 1 is 1.0';
