CREATE OR REPLACE FUNCTION tracestore.otlp_value(p_value jsonb) RETURNS json
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  CASE jsonb_typeof(p_value)
    WHEN 'string' THEN RETURN json_build_object('stringValue', p_value);
    WHEN 'boolean' THEN RETURN json_build_object('boolValue', p_value);
    WHEN 'number' THEN
      RETURN CASE
        WHEN strpos(p_value::text, '.') > 0 THEN json_build_object('doubleValue', p_value)
        ELSE json_build_object('intValue', p_value::text)
      END;
    WHEN 'array' THEN
      RETURN json_build_object('arrayValue', json_build_object('values', (
        SELECT coalesce(json_agg(tracestore.otlp_value(e.value) ORDER BY e.nr), '[]')
        FROM jsonb_array_elements(p_value) WITH ORDINALITY AS e (value, nr)
      )));
    WHEN 'object' THEN
      IF p_value ?| ARRAY['bytesValue', 'doubleValue', 'kvlistValue'] AND (SELECT count(*) FROM jsonb_object_keys(p_value)) = 1 THEN
        RETURN CASE
          WHEN p_value ? 'kvlistValue' THEN
            json_build_object('kvlistValue', json_build_object('values', tracestore.otlp_attributes(p_value -> 'kvlistValue')))
          -- jsonb cannot hold -0.
          WHEN p_value = '{"doubleValue": "-0"}' THEN '{"doubleValue": -0.0}'::json
          ELSE p_value::json
        END;
      END IF;
      RETURN json_build_object('kvlistValue', json_build_object('values', tracestore.otlp_attributes(p_value)));
    ELSE RETURN '{}'::json;
  END CASE;
END
$$;
COMMENT ON FUNCTION tracestore.otlp_value IS 'An attribute value as in OTLP/JSON';
