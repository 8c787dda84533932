
CREATE OR REPLACE FUNCTION tracestore.plain_value(p_value jsonb) RETURNS jsonb
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  -- Most values have no wrapper and are returned as they are.
  IF p_value::text !~ '"(bytesValue|doubleValue|kvlistValue)":' THEN
    RETURN p_value;
  END IF;
  CASE jsonb_typeof(p_value)
    WHEN 'array' THEN
      RETURN (
        SELECT jsonb_agg(tracestore.plain_value(e.value) ORDER BY e.nr)
        FROM jsonb_array_elements(p_value) WITH ORDINALITY AS e (value, nr)
      );
    WHEN 'object' THEN
      IF (SELECT count(*) FROM jsonb_object_keys(p_value)) = 1 THEN
        CASE
          WHEN jsonb_typeof(p_value -> 'bytesValue') = 'string' THEN
            RETURN CASE WHEN p_value ->> 'bytesValue' = '' THEN 'null' ELSE p_value -> 'bytesValue' END;
          WHEN jsonb_typeof(p_value -> 'doubleValue') = 'string' THEN
            RETURN CASE WHEN p_value ->> 'doubleValue' = '-0' THEN '0' ELSE p_value -> 'doubleValue' END;
          WHEN jsonb_typeof(p_value -> 'kvlistValue') = 'object' THEN
            p_value := p_value -> 'kvlistValue';
          ELSE
        END CASE;
      END IF;
      RETURN (SELECT jsonb_object_agg(m.key, tracestore.plain_value(m.value)) FROM jsonb_each(p_value) m);
    ELSE
      RETURN p_value;
  END CASE;
END
$$;
COMMENT ON FUNCTION tracestore.plain_value IS 'An attribute value without the objects that give its type: bytes as base64 (null if empty), numbers that JSON lacks as text, -0 as 0. The JSON that users see';
