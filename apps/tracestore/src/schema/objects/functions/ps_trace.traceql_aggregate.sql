CREATE OR REPLACE FUNCTION ps_trace.traceql_aggregate(
  p_name text, p_values jsonb[], p_is_duration boolean DEFAULT false, p_quantile float8 DEFAULT 0
) RETURNS jsonb
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
AS $$
DECLARE
  two_64 CONSTANT numeric := 18446744073709551616;
  number_type text;
  least_value jsonb;
  greatest_value jsonb;
  total numeric;
  numbers int8;
  result float8;
BEGIN
  IF p_name = 'count_distinct' THEN
    RETURN (
      SELECT to_jsonb(count(DISTINCT (v.value)::text))
      FROM unnest(p_values) AS v (value)
      WHERE ps_trace.traceql_type(v.value) <> 'array'
    );
  END IF;
  SELECT ps_trace.traceql_type(v.value) INTO number_type
  FROM unnest(p_values) WITH ORDINALITY AS v (value, nr)
  WHERE ps_trace.traceql_type(v.value) IN ('int', 'float')
  ORDER BY v.nr
  LIMIT 1;
  IF number_type IS NULL THEN RETURN NULL; END IF;

  IF p_name = 'quantile' THEN
    SELECT percentile_cont(p_quantile) WITHIN GROUP (ORDER BY ps_trace.traceql_number(v.value)) INTO result
    FROM unnest(p_values) AS v (value)
    WHERE ps_trace.traceql_type(v.value) = number_type;
    RETURN CASE WHEN p_is_duration THEN to_jsonb(trunc(result::text::numeric)) ELSE ps_trace.traceql_float(result) END;
  END IF;

  SELECT
    (array_agg(v.value ORDER BY ps_trace.traceql_number(v.value), v.value))[1],
    (array_agg(v.value ORDER BY ps_trace.traceql_number(v.value) DESC, v.value DESC))[1],
    -- As numeric, because a sum of float8 can fail.
    sum(CASE number_type WHEN 'int' THEN v.value::numeric ELSE ps_trace.traceql_number(v.value)::text::numeric END),
    count(*)
  INTO least_value, greatest_value, total, numbers
  FROM unnest(p_values) AS v (value)
  WHERE ps_trace.traceql_type(v.value) = number_type;
  IF number_type = 'int' THEN
    total := mod(total, two_64);
    total := CASE WHEN total >= two_64 / 2 THEN total - two_64 WHEN total < -two_64 / 2 THEN total + two_64 ELSE total END;
  END IF;
  result := CASE
    WHEN total > 1.797e308 THEN 'Infinity'::float8
    WHEN total < -1.797e308 THEN '-Infinity'::float8
    WHEN abs(total) < 1e-307 THEN 0
    ELSE total::float8
  END;
  RETURN CASE p_name
    WHEN 'min' THEN least_value
    WHEN 'max' THEN greatest_value
    WHEN 'sum' THEN CASE number_type WHEN 'int' THEN to_jsonb(total) ELSE ps_trace.traceql_float(result) END
    WHEN 'avg' THEN CASE
      WHEN p_is_duration THEN to_jsonb(trunc((result / numbers)::text::numeric))
      ELSE ps_trace.traceql_float(CASE WHEN abs(result) < 1e-300 THEN 0 ELSE result / numbers END)
    END
  END;
END
$$;
COMMENT ON FUNCTION ps_trace.traceql_aggregate IS 'count_distinct, min, max, sum, avg or quantile of attribute values in the order of their spans. Numbers of another type than the first number do not count; NULL without a number';
