-- What reads traces, in time that grows with the number of spans alone, whatever ids they share; and texts of values.

CREATE OR REPLACE FUNCTION tracestore.plain_value(p_value jsonb) RETURNS jsonb
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  -- Most values have no wrapper: then this is all.
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
COMMENT ON FUNCTION tracestore.plain_value IS 'A value of an attribute without the objects that say its type: bytes as their text in base64 (null where there are none), numbers that JSON lacks as texts, -0 as 0. It is the JSON that an answer shows of a list';
