CREATE OR REPLACE FUNCTION tracestore.otlp_attributes(p_attributes jsonb) RETURNS json
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
AS $$
BEGIN
  RETURN (
    SELECT coalesce(
      json_agg(json_build_object('key', a.key, 'value', CASE jsonb_typeof(a.value)
        -- Most values are plain: they need no call of otlp_value.
        WHEN 'string' THEN json_build_object('stringValue', a.value)
        ELSE tracestore.otlp_value(a.value)
      END)),
      '[]'
    )
    FROM jsonb_each(p_attributes) a
  );
END
$$;
COMMENT ON FUNCTION tracestore.otlp_attributes IS 'Attributes as in OTLP/JSON: an array of keys and values';
